// A machine on which crond is installed in two versions, the one or the other in its place.
#pragma once

#include <string>
#include <vector>

#include "machine.h"

namespace cron::system_test {

inline constexpr const char* kNextVersion = "9.9.9";

class Versions {
  public:
    // The present version is in its place, below the root.
    explicit Versions(const TempRoot& root);

    std::string program() const { return root_.path("/bin/crond"); }
    // Puts the version in its place at once, as a package does.
    void install_present() const { install("/bin/present"); }
    void install_next() const { install("/bin/next"); }
    // The like of crond_arguments().
    std::vector<std::string> arguments(const std::vector<std::string>& more = {}) const;

  private:
    void install(const std::string& below) const;

    const TempRoot& root_;
};

// Sends USR2 and waits until `crond` is the program that is installed.
void upgrade(Process& crond);

// The descriptors that it has open.
std::ptrdiff_t descriptor_count(pid_t pid);
// The children that it has not collected.
std::vector<pid_t> children_of(pid_t pid);

}  // namespace cron::system_test
