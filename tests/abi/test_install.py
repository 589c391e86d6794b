# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Programs are compiled and linked with the installed library, as pkg-config tells them to."""

import os
import shutil
import unittest

import installed
import support
from support import Case

HEADERS = ["libvmaf.h", "picture.h", "model.h", "feature.h", "version.h", "vmaf_ext.h"]
# A call from each, so that the program has something to link.
CALLS = {
    "libvmaf.h": "return vmaf_version()[0] != '3';",
    "picture.h": "return vmaf_picture_unref(0) == 0;",
    "model.h": "vmaf_model_destroy(0); return VMAF_MODEL_FLAGS_DEFAULT;",
    "feature.h": "return vmaf_feature_dictionary_free(0);",
    "version.h": "return VMAF_API_VERSION_MAJOR != 3;",
    "vmaf_ext.h": "VmafStats s; vmaf_ext_stats_default(&s); return s.struct_size != sizeof(s);",
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def cxx():
    for name in ("g++", "clang++"):
        if shutil.which(name):
            return name
    raise unittest.SkipTest("no C++ compiler is installed; see tools/deps.sh")


class Install(Case):
    def build(self, compiler, source, *flags):
        """Compiles, links, runs."""
        out = self.path("program")
        installed.run([compiler, *WARNINGS, source, "-o", out, *flags])
        installed.run([out], **installed.environment())
        return out

    def each_header(self, compiler, suffix, standard):
        flags = [f"-std={standard}", *installed.pkg_config("--cflags", "--libs")]
        for header in HEADERS:
            for style in (header, "libvmaf/" + header):
                with self.subTest(header=style):
                    text = f"#include <{style}>\nint main(void)\n{{\n    {CALLS[header]}\n}}\n"
                    self.build(compiler, self.file("alone" + suffix, text), *flags)

    def test_each_header_alone_in_c(self):
        installed.needs("gcc")
        self.each_header("gcc", ".c", "c11")

    def test_each_header_alone_in_cxx(self):
        self.each_header(cxx(), ".cpp", "c++11")

    def test_twice_and_together(self):
        text = "".join(f"#include <{h}>\n#include <libvmaf/{h}>\n" for h in HEADERS)
        text += "int main(void) { return 0; }\n"
        self.build("gcc", self.file("all.c", text), *installed.pkg_config("--cflags", "--libs"))

    def all_functions(self):
        """A program that uses the address of everything."""
        names = installed.exported()
        text = "#include <libvmaf.h>\n#include <stdint.h>\n#include <vmaf_ext.h>\nint main(void)\n{\n"
        text += "    uintptr_t any = 0;\n"
        text += "".join(f"    any |= (uintptr_t)&{name};\n" for name in names)
        return self.file("all.c", text + "    return any == 0;\n}\n")

    def test_layouts_on_arm(self):
        installed.needs("aarch64-linux-gnu-gcc")
        source = os.path.join(support.ROOT, "src")
        include = ["-I", os.path.join(installed.prefix(), "include"), "-iquote", source]
        command = ["aarch64-linux-gnu-gcc", "-std=c11", "-fsyntax-only", "-Werror", *include]
        installed.run([*command, os.path.join(source, "abi.c")])

    def test_every_function_links(self):
        self.build("gcc", self.all_functions(), *installed.pkg_config("--cflags", "--libs"))

    def test_static_linking(self):
        flags = installed.pkg_config("--static", "--cflags", "--libs")
        program = self.build("gcc", self.all_functions(), "-static", *flags)
        installed.needs("readelf")
        self.assertNotIn("NEEDED", installed.run(["readelf", "-d", program]).stdout)

    def test_shared_linking_asks_for_nothing_else(self):
        """Neither a library nor a .pc file beside ours."""
        libs = installed.pkg_config("--libs")
        self.assertEqual([f for f in libs if f.startswith("-l")], ["-lvmaf"])
        path = os.path.join(installed.prefix(), "lib", "pkgconfig", "libvmaf.pc")
        with open(path, encoding="utf-8") as f:
            self.assertNotIn("Requires", f.read())

    def test_version_that_configure_scripts_ask_for(self):
        installed.pkg_config("--exists", "--print-errors", "--atleast-version=2.0.0")
        self.assertEqual(installed.pkg_config("--modversion"), ["3.2.0"])


if __name__ == "__main__":
    unittest.main()
