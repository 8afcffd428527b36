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
  target_compile_options(${name} PRIVATE ${RADDLE_COMPILER_FLAGS})
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
    add_dependencies(${name} RaddlePCH)
  endif()
  set_property(GLOBAL APPEND PROPERTY RADDLE_COMPILER_OBJECTS ${name})
endfunction()

# raddle_unittest(NAME sources... LINK libs...): a GoogleTest binary run by ctest.
function(raddle_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/unittests")
  add_test(NAME ${name} COMMAND ${name})
endfunction()
