# What `cmake --install` gives. The tree is relocatable: programs find their
# libraries, and libraries the virtual GPU, relative to themselves.
#
#   bin/                    the programs
#   lib/                    libRaddleCompiler, libRaddleRuntime (C API), the C++ runtime as archives
#   lib/raddle/vgpu/        the virtual GPU as libcuda.so.1, apart so that nobody loads it by accident
#   lib/cmake/Raddle/       RaddleConfig.cmake
#   include/                raddle/, raddle-c/
#   include/raddle-compiler/dialects/   headers, generated headers and .td files of the dialects
#   share/raddle/           machine files, interestingness scripts of raddle-reduce
#   share/doc/raddle/       documentation and examples

# Not the multiarch folder that GNUInstallDirs takes for /usr: the virtual GPU is
# looked for beside the programs.
set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "Libraries, relative to the prefix")
include(GNUInstallDirs)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
# Debian's LLVM is in a folder of its own.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
set(RADDLE_INSTALL_DIALECTS "${CMAKE_INSTALL_INCLUDEDIR}/raddle-compiler")
set(RADDLE_INSTALL_CMAKE "${CMAKE_INSTALL_LIBDIR}/cmake/Raddle")

# raddle_install_library(TARGET NAME EXPORT): installs a library and exports it
# as Raddle::NAME, the name that it has in this tree too.
function(raddle_install_library target name export)
  add_library(Raddle::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN")
  endif()
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  install(TARGETS ${target} EXPORT ${export})
endfunction()

# raddle_install(): everything but the programs and libraries, which are
# installed where they are made.
function(raddle_install)
  set(exports RaddleRuntimeTargets)
  install(DIRECTORY include/raddle-c DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
  if(RADDLE_ENABLE_COMPILER)
    list(APPEND exports RaddleCompilerTargets)
    install(DIRECTORY include/raddle DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
    install(DIRECTORY dialects DESTINATION "${RADDLE_INSTALL_DIALECTS}"
      FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN test EXCLUDE)
    install(DIRECTORY "${CMAKE_BINARY_DIR}/dialects" DESTINATION "${RADDLE_INSTALL_DIALECTS}"
      FILES_MATCHING PATTERN "*.h.inc" PATTERN CMakeFiles EXCLUDE)
  else()
    install(DIRECTORY include/raddle/Artifact include/raddle/Runtime include/raddle/Support
      include/raddle/VirtualGPU DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/raddle")
  endif()
  install(DIRECTORY lib/Machines/ DESTINATION "${CMAKE_INSTALL_DATADIR}/raddle/machines" FILES_MATCHING PATTERN "*.json")
  install(PROGRAMS scripts/interestingness/differs.py DESTINATION "${CMAKE_INSTALL_DATADIR}/raddle/interestingness")
  install(FILES LICENSE README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  install(DIRECTORY docs examples DESTINATION "${CMAKE_INSTALL_DOCDIR}" PATTERN "build*" EXCLUDE)

  foreach(export ${exports})
    install(EXPORT ${export} NAMESPACE Raddle:: DESTINATION "${RADDLE_INSTALL_CMAKE}")
  endforeach()
  include(CMakePackageConfigHelpers)
  configure_package_config_file(cmake/RaddleConfig.cmake.in "${CMAKE_BINARY_DIR}/cmake/RaddleConfig.cmake"
    INSTALL_DESTINATION "${RADDLE_INSTALL_CMAKE}" PATH_VARS RADDLE_INSTALL_DIALECTS)
  # Before version 1 the C++ interfaces may change with every minor version.
  write_basic_package_version_file("${CMAKE_BINARY_DIR}/cmake/RaddleConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${CMAKE_BINARY_DIR}/cmake/RaddleConfig.cmake" "${CMAKE_BINARY_DIR}/cmake/RaddleConfigVersion.cmake"
    cmake/RaddlePlugin.cmake DESTINATION "${RADDLE_INSTALL_CMAKE}")
endfunction()
