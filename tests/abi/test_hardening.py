# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the programs and the library are protected with, as their ELF headers say."""

import os
import struct
import unittest

import support

PT_LOAD, PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO = 1, 2, 0x6474E551, 0x6474E552
DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_FLAGS, DT_FLAGS_1, DT_TEXTREL = 5, 6, 10, 30, 0x6FFFFFFB, 22
ET_DYN, PF_X, PF_W = 3, 1, 2
BIND_NOW, NOW, PIE = 8, 1, 0x08000000


class Elf:
    """As much of a 64-bit little-endian file as is asked for here."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise unittest.SkipTest(f"{path} is no 64-bit little-endian ELF file")
        self.type = struct.unpack_from("<H", self.data, 16)[0]
        offset = struct.unpack_from("<Q", self.data, 32)[0]
        size, count = struct.unpack_from("<HH", self.data, 54)
        self.segments = [struct.unpack_from("<IIQQQQQQ", self.data, offset + i * size) for i in range(count)]
        self.dynamic = dict(self.read_dynamic())

    def find(self, kind):
        return [s for s in self.segments if s[0] == kind]

    def read_dynamic(self):
        for _, _, offset, _, _, size, _, _ in self.find(PT_DYNAMIC):
            for at in range(offset, offset + size, 16):
                tag, value = struct.unpack_from("<qQ", self.data, at)
                if tag == 0:
                    return
                yield tag, value

    def offset_of(self, address):
        for _, _, offset, virtual, _, size, _, _ in self.find(PT_LOAD):
            if virtual <= address < virtual + size:
                return address - virtual + offset
        raise AssertionError("an address outside the file")

    def names(self):
        """Names of the dynamic symbols and libraries."""
        start = self.offset_of(self.dynamic[DT_STRTAB])
        return self.data[start : start + self.dynamic[DT_STRSZ]].split(b"\0")


@unittest.skipIf(support.SANITIZED, "sanitizers have checks of their own")
class Hardening(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.build = os.path.dirname(os.path.dirname(os.path.realpath(support.VMAF)))
        names = ["tools/vmaf", "train/vmaf-train", "mcp/vmaf-mcp"]
        cls.programs = {name: Elf(os.path.join(cls.build, name)) for name in names}
        libraries = ["src/libvmaf.so", "tools/vmaf-decode.so"]
        paths = [os.path.join(cls.build, name) for name in libraries]
        cls.all = {**cls.programs, **{p: Elf(p) for p in paths if os.path.exists(p)}}

    def test_programs_can_be_loaded_anywhere(self):
        for name, elf in self.programs.items():
            with self.subTest(name):
                self.assertEqual(elf.type, ET_DYN)
                self.assertTrue(elf.dynamic.get(DT_FLAGS_1, 0) & PIE)

    def test_the_stack_holds_no_code_and_code_is_not_written(self):
        for name, elf in self.all.items():
            with self.subTest(name):
                self.assertEqual([s[1] & PF_X for s in elf.find(PT_GNU_STACK)], [0])
                self.assertEqual([s for s in elf.find(PT_LOAD) if s[1] & PF_X and s[1] & PF_W], [])
                self.assertNotIn(DT_TEXTREL, elf.dynamic)

    def test_tables_are_read_only_once_it_runs(self):
        for name, elf in self.all.items():
            with self.subTest(name):
                self.assertEqual(len(elf.find(PT_GNU_RELRO)), 1)
                now = elf.dynamic.get(DT_FLAGS, 0) & BIND_NOW or elf.dynamic.get(DT_FLAGS_1, 0) & NOW
                self.assertTrue(now, "symbols are looked up when they are first used")

    def test_overflows_of_the_stack_are_noticed(self):
        for name, elf in self.all.items():
            with self.subTest(name):
                self.assertIn(b"__stack_chk_fail", elf.names())

    def test_calls_know_the_size_of_what_they_write_to(self):
        for name, elf in self.all.items():
            with self.subTest(name):
                checked = [n for n in elf.names() if n.startswith(b"__") and n.endswith(b"_chk")]
                self.assertIn(b"__snprintf_chk" if b"__snprintf_chk" in checked else b"__vsnprintf_chk", checked)


if __name__ == "__main__":
    unittest.main()
