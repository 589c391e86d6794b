# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The shared library exports its interface and nothing else, and needs C libraries only."""

import glob
import os
import re
import unittest

import installed
import support


def nm(*flags):
    installed.needs("nm")
    library = os.path.join(installed.prefix(), "lib", "libvmaf.so.3")
    lines = installed.run(["nm", "-D", *flags, library]).stdout.splitlines()
    return [line.split()[-1] for line in lines]


class Symbols(unittest.TestCase):
    def test_exactly_the_list_is_exported(self):
        self.assertEqual(sorted(nm("--defined-only")), sorted(installed.exported()))

    def test_libvmaf_has_29_functions(self):
        self.assertEqual(len([s for s in installed.exported() if not s.startswith("vmaf_ext_")]), 29)

    def test_headers_declare_exactly_the_list(self):
        declared = set()
        for path in glob.glob(os.path.join(support.ROOT, "include", "libvmaf", "*.h")):
            with open(path, encoding="utf-8") as f:
                text = re.sub(r"/\*.*?\*/|//[^\n]*|static inline[^}]*}", "", f.read(), flags=re.S)
            declared.update(re.findall(r"\b(vmaf_\w+)\(", text))
        self.assertEqual(declared, set(installed.exported()))

    def test_nothing_of_cxx_is_needed(self):
        undefined = nm("--undefined-only")
        self.assertEqual([s for s in undefined if s.startswith("_Z") or s.startswith("__gxx")], [])
        library = os.path.join(installed.prefix(), "lib", "libvmaf.so.3")
        dynamic = installed.run(["readelf", "-d", library]).stdout
        self.assertIn("Library soname: [libvmaf.so.3]", dynamic)
        self.assertNotIn("libstdc++", dynamic)
        self.assertNotIn("libgcc", dynamic)

    def test_symbols_have_no_version(self):
        """As those of Netflix's library: programs linked with either run with the other."""
        library = os.path.join(installed.prefix(), "lib", "libvmaf.so.3")
        self.assertNotIn("Version definition", installed.run(["readelf", "-V", library]).stdout)


if __name__ == "__main__":
    unittest.main()
