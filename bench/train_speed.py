#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Training beside PyTorch: three architectures, 30 epochs of Adam, 5,000 rows, batches of 256, one thread.

train_speed.py [ROUNDS]: the two take turns; the best of each is compared. PyTorch runs in an interpreter that
has it (/usr/bin/python3 with Debian's python3-torch), once as its documentation teaches (DataLoader) and once
as fast as it goes (slices of one tensor). Time is that of the training alone, without imports and files.
"""

import json
import os
import random
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "bin", "vmaf-train")
PYTHON = "/usr/bin/python3"
FEATURES = "adm2,vif_scale0,vif_scale1,vif_scale2,vif_scale3,motion2"
ARCHS = {"linear": [6, 1], "mlp_small": [6, 16, 8, 1], "mlp_medium": [6, 64, 32, 1]}

TORCH = """
import json, sys, time
import torch

torch.set_num_threads(1)
torch.manual_seed(0)
request = json.load(sys.stdin)
x, y = torch.tensor(request["x"]), torch.tensor(request["y"])[:, None]


def network(widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def loader_batches():
    data = torch.utils.data.TensorDataset(x, y)
    return torch.utils.data.DataLoader(data, batch_size=256, shuffle=True)


class Slices:
    def __iter__(self):
        order = torch.randperm(len(x))
        for i in range(0, len(x), 256):
            rows = order[i : i + 256]
            yield x[rows], y[rows]


def train(widths, batches):
    net = network(widths)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    start = time.perf_counter()
    for _ in range(30):
        for a, b in batches:
            adam.zero_grad()
            torch.nn.functional.mse_loss(net(a), b).backward()
            adam.step()
    return time.perf_counter() - start


json.dump({
    "version": torch.__version__,
    "loader": [train(w, loader_batches()) for w in request["archs"]],
    "slices": [train(w, Slices()) for w in request["archs"]],
}, sys.stdout)
"""


def make_rows(n=5000):
    rng = random.Random(0)
    x = [[rng.random() for _ in range(5)] + [rng.expovariate(1 / 7)] for _ in range(n)]
    return x, [100 * a[0] * (0.3 + 0.7 * a[1]) for a in x]


def write_table(path, x, y):
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"key,source,frame,{FEATURES},vmaf\n")
        for i, (row, score) in enumerate(zip(x, y)):
            f.write(f"a_1_1_1,a,{i},{','.join(map(repr, row))},{score!r}\n")


def ours(folder, table):
    seconds = []
    for arch in ARCHS:
        out = os.path.join(folder, arch)
        subprocess.run(
            [PROGRAM, "fit", "--data", table, "--recipe", "seed", "--model-arch", arch, "--threads", "1",
             "--split", "none", "--no-export-onnx", "--out-dir", out],
            check=True, stdout=subprocess.DEVNULL,
        )
        with open(os.path.join(out, "run.json"), encoding="utf-8") as f:
            seconds.append(json.load(f)["seconds"]["fit"])
    return seconds


def torch_seconds(x, y):
    request = json.dumps({"x": x, "y": y, "archs": list(ARCHS.values())})
    done = subprocess.run([PYTHON, "-c", TORCH], input=request, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"PyTorch does not run in {PYTHON}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def best(lists):
    return [min(values) for values in zip(*lists)]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    x, y = make_rows()
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "rows.csv")
        write_table(table, x, y)
        for _ in range(rounds):
            mine.append(ours(folder, table))
            theirs.append(torch_seconds(x, y))
    a = best(mine)
    b, c = (best([t[k] for t in theirs]) for k in ("loader", "slices"))
    print(f"seconds of 30 epochs, best of {rounds}; PyTorch {theirs[0]['version']}, one thread each\n")
    print(f"| {'network':<12} | vmaf-train | PyTorch, DataLoader | ratio | PyTorch, slices | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, i, j, k in [*zip(ARCHS, a, b, c), ("together", sum(a), sum(b), sum(c))]:
        print(f"| {name:<12} | {i:.4f} | {j:.3f} | {j / i:.0f} | {k:.3f} | {k / i:.1f} |")


if __name__ == "__main__":
    main()
