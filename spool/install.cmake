# Makes the spool that README.md beside this file tells, where it is missing; what exists keeps its mode and owner.
# crond works in /var/spool/cron, so an install below /usr makes that one; below any other prefix it is
# PREFIX/var/spool/cron, the spool of `crond --root PREFIX`.
set(spool "${CMAKE_INSTALL_PREFIX}/var/spool/cron")
if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
    set(spool /var/spool/cron)
endif()

# CMake's own permissions know no sticky bit.
function(make_folder path mode)
    set(folder "$ENV{DESTDIR}${path}")
    if(IS_DIRECTORY "${folder}")
        message(STATUS "Up-to-date: ${folder}")
    else()
        message(STATUS "Installing: ${folder}")
        execute_process(COMMAND install -d -m ${mode} "${folder}" COMMAND_ERROR_IS_FATAL ANY)
    endif()
endfunction()

make_folder("${spool}" 0755)
make_folder("${spool}/crontabs" 1730)
make_folder("${spool}/output" 0700)
make_folder("${spool}/previous" 0700)
