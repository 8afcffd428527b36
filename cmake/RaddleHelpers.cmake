# raddle_subdirectory_if_present(DIR): adds DIR when it has a build file.
function(raddle_subdirectory_if_present dir)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${dir}/CMakeLists.txt")
    add_subdirectory(${dir})
  endif()
endfunction()

# raddle_tablegen_target(NAME): the outputs of the mlir_tablegen calls so far as
# target NAME, which every compiler unit waits for.
function(raddle_tablegen_target name)
  add_custom_target(${name} DEPENDS ${TABLEGEN_OUTPUT})
  add_dependencies(raddle-headers ${name})
  set(TABLEGEN_OUTPUT "" PARENT_SCOPE)
endfunction()

# raddle_library(NAME sources... LINK libs...): a static library of lib/.
function(raddle_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()

# raddle_compiler_objects(NAME sources... DEPENDS tablegen-targets... ): objects
# that become part of libRaddleCompiler, the one shared library that holds all
# dialects, passes and pipelines.
function(raddle_compiler_objects name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;INCLUDES" ${ARGN})
  add_library(${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  # Without a time stamp in it the precompiled header does not defeat ccache.
  target_compile_options(${name} PRIVATE ${RADDLE_COMPILER_FLAGS}
                         "SHELL:-Xclang -fno-pch-timestamp")
  if(ARG_INCLUDES)
    target_include_directories(${name} SYSTEM PRIVATE ${ARG_INCLUDES})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  # Generated headers of every dialect must exist before any unit compiles.
  if(TARGET raddle-headers)
    add_dependencies(${name} raddle-headers)
  endif()
  if(NOT name STREQUAL RaddlePCH AND TARGET RaddlePCH)
    target_precompile_headers(${name} REUSE_FROM RaddlePCH)
  endif()
  set_property(GLOBAL APPEND PROPERTY RADDLE_COMPILER_OBJECTS ${name})
endfunction()

# raddle_compiler_library(): libRaddleCompiler from all object libraries so far.
function(raddle_compiler_library)
  get_property(objects GLOBAL PROPERTY RADDLE_COMPILER_OBJECTS)
  get_property(libraries GLOBAL PROPERTY RADDLE_COMPILER_LINK)
  set(sources)
  foreach(object ${objects})
    list(APPEND sources "$<TARGET_OBJECTS:${object}>")
  endforeach()
  add_library(RaddleCompiler SHARED ${sources})
  target_link_libraries(RaddleCompiler PUBLIC MLIR LLVM PRIVATE ${libraries})
  target_link_options(RaddleCompiler PRIVATE -Wl,-z,defs)
  # Whoever derives from a class of MLIR needs the flag too.
  target_compile_options(RaddleCompiler INTERFACE
    "$<INSTALL_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:${RADDLE_COMPILER_FLAGS}>>")
  raddle_install_library(RaddleCompiler Compiler RaddleCompilerTargets)
endfunction()

# raddle_compiler_link(libs...): libraries that libRaddleCompiler needs besides
# libMLIR and libLLVM.
function(raddle_compiler_link)
  set_property(GLOBAL APPEND PROPERTY RADDLE_COMPILER_LINK ${ARGN})
endfunction()

# raddle_compiler_tool(NAME sources... LINK libs...): a program over
# libRaddleCompiler.
function(raddle_compiler_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${RADDLE_COMPILER_FLAGS})
  target_link_libraries(${name} PRIVATE RaddleCompiler ${ARG_LINK})
  add_dependencies(${name} raddle-headers)
  install(TARGETS ${name} EXPORT RaddleCompilerTargets)
endfunction()

# raddle_unittest(NAME sources... LINK libs...): a GoogleTest binary run by ctest.
function(raddle_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/unittests")
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# raddle_without_llvm(TARGETS...): stops when a library, or what it links, is of
# MLIR or LLVM: the half that executes stays independent of the compiler.
function(raddle_without_llvm)
  set(open ${ARGN})
  set(seen)
  while(open)
    list(POP_FRONT open target)
    if(target MATCHES "^(lib)?(MLIR|LLVM|clang|RaddleCompiler)" OR target MATCHES "/lib(MLIR|LLVM)")
      message(FATAL_ERROR "'${target}' is linked by one of ${ARGN} (via ${seen}), which may know neither MLIR nor LLVM")
    endif()
    if(TARGET ${target} AND NOT target IN_LIST seen)
      list(APPEND seen ${target})
      foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
        get_target_property(linked ${target} ${property})
        if(linked)
          list(APPEND open ${linked})
        endif()
      endforeach()
    endif()
  endwhile()
endfunction()
