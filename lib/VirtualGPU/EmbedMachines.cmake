# Writes the machine files as strings of C++.
set(text "#include \"Device/Machine.h\"\n\nconst raddle::vgpu::EmbeddedMachine raddle::vgpu::kEmbeddedMachines[] = {\n")
foreach(file ${MACHINES})
  get_filename_component(name "${file}" NAME_WE)
  file(READ "${file}" content)
  string(APPEND text "    {\"${name}\", R\"json(${content})json\"},\n")
endforeach()
string(APPEND text "    {nullptr, nullptr},\n};\n")
file(WRITE "${OUTPUT}" "${text}")
