// For a static program, linked with --wrap=dlopen: it loads no shared library, which would want the
// very C library that it was built with. SQLite would, for its extensions, which nobody here asks
// for.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the linker's.
extern "C" void* __wrap_dlopen(const char* /*file*/, int /*mode*/) { return nullptr; }
