# raddle_add_plugin(NAME sources...): a library that raddle-opt and raddle-reduce
# load with --load-pass-plugin or --load-dialect-plugin. MLIR and our dialects are
# taken from libRaddleCompiler, the library that the program itself runs on.
function(raddle_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE Raddle::Compiler)
endfunction()
