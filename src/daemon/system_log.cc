#include "daemon/system_log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/unique_fd.h"

namespace cron::daemon {
namespace {

constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

// The journal takes a file of memory that nobody can change any more.
UniqueFd sealed_file(std::string_view bytes) {
    UniqueFd fd(::memfd_create("cron-log", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    while (fd && !bytes.empty()) {
        const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
        if (written < 0) return UniqueFd();
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    if (!fd || ::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return UniqueFd();
    return fd;
}

bool send_descriptor(int socket, int fd) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return ::sendmsg(socket, &message, kSendFlags) >= 0;
}

class SystemLog : public Transport {
  public:
    SystemLog(std::string journal_path, std::string syslog_path)
        : journal_path_(std::move(journal_path)), syslog_(open_syslog(std::move(syslog_path))) {}

    int fd() const override { return journal_ ? journal_.get() : syslog_->fd(); }

    Result<std::size_t> send(std::string_view bytes) override {
        const std::size_t end = bytes.find('\0');
        const std::string_view line = bytes.substr(0, end);
        const std::string_view entry = bytes.substr(line.size() + 1);
        // A journal that was started anew refuses the old connection.
        for (int attempt = 0; attempt < 2 && (journal_ || connect()); ++attempt) {
            if (try_send(entry)) return bytes.size();
            if (errno == EAGAIN) return 0;
            journal_.reset();
        }
        const auto sent = syslog_->send(line);
        if (!sent) return sent;
        return *sent == line.size() ? bytes.size() : 0;
    }

  private:
    bool connect() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (journal_path_.size() >= sizeof address.sun_path) return false;
        std::memcpy(address.sun_path, journal_path_.data(), journal_path_.size());
        UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd ||
            ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            return false;
        }
        journal_ = std::move(fd);
        return true;
    }

    // False with errno set.
    bool try_send(std::string_view entry) const {
        if (::send(journal_.get(), entry.data(), entry.size(), kSendFlags) >= 0) return true;
        if (errno != EMSGSIZE && errno != ENOBUFS) return false;
        const UniqueFd file = sealed_file(entry);
        return file && send_descriptor(journal_.get(), file.get());
    }

    std::string journal_path_;
    UniqueFd journal_;
    std::unique_ptr<Transport> syslog_;
};

}  // namespace

std::string system_log_message(std::string_view line, std::string_view journal_entry) {
    std::string message(line);
    message += '\0';
    return message.append(journal_entry);
}

std::unique_ptr<Transport> open_system_log(std::string journal_path, std::string syslog_path) {
    return std::make_unique<SystemLog>(std::move(journal_path), std::move(syslog_path));
}

}  // namespace cron::daemon
