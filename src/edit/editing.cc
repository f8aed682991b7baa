// crontab -e: the table is edited until it is installed or its editor has enough. No edit is lost.
#include <fmt/format.h>

#include "base/text.h"
#include "edit/commands.h"
#include "edit/draft.h"
#include "edit/judgement.h"
#include "edit/text.h"

namespace cron::edit {
namespace {

// A pipe full of yes must end.
constexpr int kEditsMax = 1000;

class Editing {
  public:
    Editing(const Scene& scene, Draft draft, std::string original, std::string version)
        : scene_(scene),
          draft_(std::move(draft)),
          original_(std::move(original)),
          version_(std::move(version)) {}

    int run() {
        for (int edits = 0; edits < kEditsMax; ++edits) {
            const auto edited = scene_.edit(draft_.path());
            auto text = draft_.read();
            if (text && *text == original_) {
                if (!edited) return fail(scene_, edited.error());
                scene_.terminal.say("no changes made");
                return kGood;
            }
            if (!edited) scene_.terminal.say(edited.error().message);
            if (!text) scene_.terminal.say(text.error().message);
            if (!edited || !text) return keep();
            switch (offer(completed(*std::move(text)))) {
                case Verdict::installed:
                    return kGood;
                case Verdict::again:
                    continue;
                case Verdict::refused:
                    return keep();
            }
        }
        return keep();
    }

  private:
    enum class Verdict { installed, again, refused };

    Verdict offer(const std::string& text) {
        const crontab::Table table = judge(text, scene_);
        if (table.has_errors()) {
            show_errors(table, draft_.path(), scene_);
            return retry("errors in crontab file, can't install");
        }
        const auto installed = ask(scene_, control::InstallTable{scene_.user, text, version_});
        if (!installed) {
            if (installed.error().code == ErrorCode::busy) return meet_other(installed.error());
            if (installed.error().code == ErrorCode::invalid)
                return retry(installed.error().message);
            scene_.terminal.say(installed.error().message);
            return Verdict::refused;
        }
        scene_.log("REPLACE");
        show_warnings(table, draft_.path(), scene_);
        if (scene_.terminal.shows_errors())
            scene_.terminal.say(summary_of(table, "installed", scene_));
        return Verdict::installed;
    }

    Verdict retry(std::string_view message) const {
        scene_.terminal.say(message);
        const bool agrees = scene_.terminal.agrees("Do you want to retry the same edit?");
        return agrees ? Verdict::again : Verdict::refused;
    }

    // Somebody else has changed the table since we read it; or crond was held up.
    Verdict meet_other(const Error& busy) {
        const auto now = ask(scene_, control::ReadTable{scene_.user});
        if (!now) {
            scene_.terminal.say(now.error().message);
            return Verdict::refused;
        }
        // It is as we know it: what was busy was crond.
        if (now->version == version_) return retry(busy.message);
        std::string what = "and it is removed now";
        if (now->text) {
            const auto path = draft_.put_beside(*now->text);
            if (!path) {
                scene_.terminal.say(path.error().message);
                return Verdict::refused;
            }
            what = fmt::format("and what is installed now is in {}", *path);
        }
        scene_.terminal.say(
            fmt::format("the crontab of {} was changed while you edited it, {}; your edit is in {}",
                        scene_.user, what, draft_.path()));
        if (!scene_.terminal.agrees("Edit again, to replace that version with yours?"))
            return Verdict::refused;
        version_ = now->version;
        return Verdict::again;
    }

    int keep() {
        draft_.keep();
        scene_.terminal.say(fmt::format("your edit is kept in {}", draft_.path()));
        return kFailed;
    }

    const Scene& scene_;
    Draft draft_;
    std::string original_;
    std::string version_;  // that our edit replaces
};

}  // namespace

int run_edit(const Scene& scene) {
    auto now = ask(scene, control::ReadTable{scene.user});
    if (!now) return fail(scene, now.error());
    std::string original(now->text ? without_header(*now->text) : starting_text());
    auto draft = Draft::create(scene.temporary_folder, original);
    if (!draft) return fail(scene, draft.error());
    scene.log("BEGIN EDIT");
    if (!now->text && scene.terminal.shows_errors())
        scene.terminal.say(fmt::format("no crontab for {}: this will be a new one", scene.user));
    const int status =
        Editing(scene, *std::move(draft), std::move(original), std::move(now->version)).run();
    scene.log("END EDIT");
    return status;
}

}  // namespace cron::edit
