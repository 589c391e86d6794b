#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Records what independent implementations compute, for tests/unit/test_learning.c.

Run once with Debian 12's python3-torch (1.13) and python3-scipy (1.10); the tests read the files in
recorded/, not this script. Inputs are given by formulas, so that nothing random has to agree:

  x[i][j]  = sin(1.3 i + 2.1 j + 0.7)         rows i, inputs j
  y[i]     = 2 sin(x[i][0]) + x[i][1] x[i][2] + 0.3 cos(2 i)
  p[k]     = 0.4 sin(3.7 k + 0.5)             parameters, layer by layer: weights [out][in], biases

adam.json    ten steps of torch.optim.Adam on 3-5-4-1, ReLU, batches of 8 of 24 rows in order, in double
lm.json      scipy.optimize.least_squares(method="lm") on 2-3-1, tanh, 40 rows, to convergence; there
             y[i] = network(q, x[i]) + 0.05 cos(2 i) with q[k] = 1.5 sin(2.3 k + 1), and the first parameters
             are q[k] + 0.1 sin(3.7 k + 0.5): there is one optimum near by
lbfgs.json   scipy.optimize.minimize(method="L-BFGS-B") of the mean squared error of the same
metrics.json scipy.stats pearsonr, spearmanr, kendalltau on data with and without ties
"""

import json
import os

import numpy as np
import scipy
import scipy.optimize
import scipy.stats
import torch

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded")


def inputs(n, width):
    i, j = np.arange(n)[:, None], np.arange(width)[None, :]
    x = np.sin(1.3 * i + 2.1 * j + 0.7).astype(np.float32).astype(np.float64)
    third = x[:, 2] if width > 2 else x[:, 0]
    return x, 2 * np.sin(x[:, 0]) + x[:, 1] * third + 0.3 * np.cos(2 * np.arange(n))


def start(count):
    return 0.4 * np.sin(3.7 * np.arange(count) + 0.5)


def count(widths):
    return sum((a + 1) * b for a, b in zip(widths, widths[1:]))


def unpack(widths, p):
    at = 0
    for a, b in zip(widths, widths[1:]):
        yield p[at : at + a * b].reshape(b, a), p[at + a * b : at + a * b + b]
        at += (a + 1) * b


def forward(widths, p, x):
    layers = list(unpack(widths, p))
    for k, (w, b) in enumerate(layers):
        x = x @ w.T + b
        if k + 1 < len(layers):
            x = np.tanh(x)
    return x[:, 0]


def save(name, **content):
    with open(os.path.join(OUT, name), "w", encoding="utf-8") as f:
        json.dump(content, f, indent=1)
        f.write("\n")


def record_adam():
    widths, rows, batch = [3, 5, 4, 1], 24, 8
    x, y = (torch.tensor(a, dtype=torch.float64) for a in inputs(rows, 3))
    p = torch.tensor(start(count(widths)), dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([p], lr=1e-2)
    steps, losses = [], []
    for step in range(10):
        at = step * batch % rows
        h = x[at : at + batch]
        layers = list(unpack(widths, p))
        for k, (w, b) in enumerate(layers):
            h = h @ w.T + b
            if k + 1 < len(layers):
                h = torch.relu(h)
        loss = torch.mean((h[:, 0] - y[at : at + batch]) ** 2)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
        steps.append(p.detach().tolist())
    save("adam.json", torch=torch.__version__, widths=widths, rows=rows, batch=batch, rate=1e-2,
         losses=losses, params=steps)


def record_least_squares():
    widths, rows = [2, 3, 1], 40
    x, _ = inputs(rows, 2)
    k = np.arange(count(widths))
    q = 1.5 * np.sin(2.3 * k + 1)
    y = forward(widths, q, x) + 0.05 * np.cos(2 * np.arange(rows))
    first = q + 0.1 * np.sin(3.7 * k + 0.5)
    lm = scipy.optimize.least_squares(lambda p: forward(widths, p, x) - y, first, method="lm",
                                      xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=20000)
    save("lm.json", scipy=scipy.__version__, widths=widths, rows=rows, cost=2 * lm.cost, params=lm.x.tolist(),
         first_cost=float(np.sum((forward(widths, first, x) - y) ** 2)))
    lbfgs = scipy.optimize.minimize(lambda p: np.mean((forward(widths, p, x) - y) ** 2), first, method="L-BFGS-B",
                                    options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 20000, "maxfun": 400000})
    save("lbfgs.json", scipy=scipy.__version__, widths=widths, rows=rows, loss=lbfgs.fun, params=lbfgs.x.tolist())


def record_metrics():
    i = np.arange(60)
    smooth = 50 + 40 * np.sin(0.7 * i), 50 + 40 * np.sin(0.7 * i + 0.3) + 5 * np.cos(5.1 * i)
    cases = {
        "plain": smooth,
        "ties": tuple(np.round(a / 10) * 10 for a in smooth),
        "one_side": (np.minimum(smooth[0], 60), smooth[1]),
        "reversed": (i.astype(float), -(i.astype(float) ** 3)),
        "two": (np.array([1.0, 2.0]), np.array([5.0, 4.0])),
    }
    out = {}
    for name, (a, b) in cases.items():
        out[name] = {"predicted": a.tolist(), "truth": b.tolist(), "plcc": float(scipy.stats.pearsonr(a, b)[0]),
                     "srocc": float(scipy.stats.spearmanr(a, b)[0]), "krocc": float(scipy.stats.kendalltau(a, b)[0]),
                     "rmse": float(np.sqrt(np.mean((a - b) ** 2)))}
    save("metrics.json", scipy=scipy.__version__, cases=out)


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    record_adam()
    record_least_squares()
    record_metrics()
