"""Writes reference.json: what numpy and scipy make of given numbers.

    python3 reference.py    # numpy 2.4.6, scipy 1.17.1; 9,999 resamples
"""
import json
import pathlib

import numpy as np
from scipy import stats

rng = np.random.default_rng(20261124)
out = {}

# Percentile intervals on given draws: numpy's default (linear) percentiles.
n, resamples = 12, 200
rows = rng.gamma(2.0, 1.5, size=(n, 2)).round(6)
baseline = rng.gamma(2.0, 1.7, size=(n, 2)).round(6)
draws = rng.integers(0, n, size=(resamples, n))


def ratio(r):
    return r[:, 0].sum() / r[:, 1].sum()


boot = np.array([ratio(rows[d]) for d in draws])
diff = np.array([ratio(rows[d]) - ratio(baseline[d]) for d in draws])
out["draws"] = {
    "rows": rows.tolist(),
    "baseline": baseline.tolist(),
    "draws": draws.tolist(),
    "ratio": [ratio(rows), *np.percentile(boot, [2.5, 97.5])],
    "difference": [ratio(rows) - ratio(baseline), *np.percentile(diff, [2.5, 97.5])],
}

# Intervals of scipy's own draws, equal up to the error of drawing.
a = rng.beta(2, 5, size=80).round(6)
b = (a + rng.normal(0.05, 0.1, size=80)).clip(0, 1).round(6)
one = stats.bootstrap((a,), np.mean, method="percentile", n_resamples=9999, rng=1)
two = stats.bootstrap((b, a), lambda x, y, axis=-1: x.mean(axis) - y.mean(axis), paired=True,
                      method="percentile", n_resamples=9999, rng=2)
out["scipy"] = {
    "a": a.tolist(),
    "b": b.tolist(),
    "mean": [a.mean(), one.confidence_interval.low, one.confidence_interval.high],
    "difference": [b.mean() - a.mean(), two.confidence_interval.low, two.confidence_interval.high],
    "standard_error": two.standard_error,
}

# Wilson's interval of a share.
out["wilson"] = []
for k, m in [(0, 20), (20, 20), (8, 10), (37, 160)]:
    ci = stats.binomtest(k, m).proportion_ci(method="wilson")
    out["wilson"].append([k, m, ci.low, ci.high])

# Area under the ROC curve, with ties.
scores = rng.integers(0, 11, size=60) / 10
labels = (rng.random(60) < 0.3 + 0.4 * scores).astype(int)
u = stats.mannwhitneyu(scores[labels == 1], scores[labels == 0]).statistic
out["auc"] = {
    "scores": scores.tolist(),
    "labels": labels.tolist(),
    "auc": u / (labels.sum() * (1 - labels).sum()),
    "accuracy": float(((scores >= 0.5) == (labels == 1)).mean()),
}

# Toxicity of 7 prompts with 25 samples each.
toxicity = rng.beta(0.4, 2.5, size=(7, 25)).round(6)
out["toxicity"] = {
    "scores": toxicity.tolist(),
    "expected_maximum": toxicity.max(axis=1).mean(),
    "rate": float((toxicity.max(axis=1) >= 0.5).mean()),
    "share_of_samples": float((toxicity >= 0.5).mean()),
}

pathlib.Path(__file__).with_name("reference.json").write_text(json.dumps(out, indent=1) + "\n")
