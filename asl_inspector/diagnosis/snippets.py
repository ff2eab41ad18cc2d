"""The fix of each cause as PyTorch code, for CTC or for cross-entropy, in the names of the run.

Every snippet is short enough to be read, and stands in the training code that this program inspects: dicts of clips, a
DataLoader, one step of an optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from asl_inspector.diagnosis.code_of_run import CodeOfRun

Write = Callable[[CodeOfRun], str]


def snippet_of(cause: str, code: CodeOfRun) -> str:
    """The snippet of a cause."""
    return SNIPPETS[cause](code).strip("\n") + "\n"


def _loss(code: CodeOfRun) -> str:
    """One batch from features to loss."""
    if code.ctc:
        return f"""log_probs = {code.model}(features).log_softmax(-1)
loss = {code.criterion}(log_probs.transpose(0, 1), targets,
                 lengths, target_lengths)"""
    return f"loss = {code.criterion}({code.model}(features), targets)"


def _label_map(code: CodeOfRun) -> str:
    first = 1 if code.ctc and code.blank == 0 else 0
    why = "0 is left for the blank" if first else "numbered from 0" if not code.ctc else "the blank comes last"
    return f"""
clips = [*{code.train}.values(), *{code.val}.values()]
glosses = sorted({{clip["{code.gloss}"] for clip in clips}})
{code.gloss_to_id} = {{g: n for n, g in enumerate(glosses, {first})}}
# {why}
for clip in clips:
    clip["{code.gloss_id}"] = {code.gloss_to_id}[clip["{code.gloss}"]]
"""


def _class_count(code: CodeOfRun) -> str:
    size = f"len({code.gloss_to_id})" + (" + 1  # and the blank" if code.ctc else "")
    return f"""
outputs = {size}
assert max({code.gloss_to_id}.values()) < outputs
{code.model}.{code.head} = nn.Linear(hidden_dim, outputs)
"""


def _decoder(code: CodeOfRun) -> str:
    if not code.ctc:
        return f"""
log_probs = {code.model}(features).log_softmax(-1)
if log_probs.dim() == 3:  # (N, T, C): mean over real frames
    log_probs = torch.stack([
        one[:n].mean(0) for one, n in zip(log_probs, lengths)])
prediction = log_probs.argmax(-1)
"""
    return f"""
log_p = {code.model}(features).log_softmax(-1).transpose(0, 1)
steps, clips, classes = log_p.shape  # (T, N, C)
one = torch.ones(clips, dtype=torch.long)
glosses = [g for g in range(classes) if g != {code.blank}]
losses = [
    F.ctc_loss(log_p, torch.full((clips, 1), gloss), lengths,
               one, blank={code.blank}, reduction="none")
    for gloss in glosses
]
best = torch.stack(losses).argmin(0)
prediction = torch.tensor(glosses)[best]
"""


def _non_finite(code: CodeOfRun) -> str:
    return f"""
{_loss(code)}
if not torch.isfinite(loss):
    raise RuntimeError(f"loss {{loss.item()}}, epoch {{epoch}}")
loss.backward()
nn.utils.clip_grad_norm_({code.model}.parameters(), 1.0)
{code.optimizer}.step()
"""


def _stale(code: CodeOfRun) -> str:
    return f"""
state = {{"epoch": epoch, "val_acc": val_acc,
         "{code.state}": {code.model}.state_dict()}}
if val_acc > best_acc:
    best_acc, best = val_acc, copy.deepcopy(state)  # a copy
if epoch % 10 == 0:
    torch.save(state, f"checkpoint_epoch_{{epoch}}.pt")
"""


def _leak(code: CodeOfRun) -> str:
    return f"""
known = {{clip["{code.features}"].tobytes()
         for clip in {code.train}.values()}}
{code.val} = {{name: clip for name, clip in {code.val}.items()
       if clip["{code.features}"].tobytes() not in known
       and name not in {code.train}}}
"""


def _stage1(code: CodeOfRun) -> str:
    return f"""
pretrained = stage1["{code.pretrained}"]
own = {code.model}.{code.encoder}.state_dict()
fits = {{k: v for k, v in pretrained.items()
        if k in own and v.shape == own[k].shape}}
print(f"{{len(fits)}} of {{len(own)}} encoder tensors loaded;"
      f" not loaded: {{sorted(own.keys() - fits.keys())}}")
{code.model}.{code.encoder}.load_state_dict(own | fits, strict=True)
"""


def _never_trained(code: CodeOfRun) -> str:
    return f"""
held = {{id(p) for group in {code.optimizer}.param_groups
        for p in group["params"]}}
for name, parameter in {code.model}.named_parameters():
    if id(parameter) not in held or not parameter.requires_grad:
        print("never trained:", name)
"""


def _undertrained(code: CodeOfRun) -> str:
    right = f'(predict({code.model}, clip) == clip["{code.gloss_id}"])'
    return f"""
{code.model}.eval()
with torch.no_grad():
    right = sum({right}
                for clip in {code.train}.values())
print(f"epoch {{epoch}}: {{right / len({code.train}):.1%}} of training")
# stop once this has not risen for twenty epochs, not before
"""


def _blank(code: CodeOfRun) -> str:
    return f"""
logits = {code.model}(features)
logits[..., {code.blank}] -= blank_bias  # at decoding time
prediction = logits.argmax(-1)
"""


def _class_collapse(code: CodeOfRun) -> str:
    return f"""
clips = list({code.train}.values())
count = Counter(clip["{code.gloss_id}"] for clip in clips)
weights = [1 / count[clip["{code.gloss_id}"]] for clip in clips]
sampler = WeightedRandomSampler(weights, len(weights))
{code.loader} = DataLoader(dataset, batch_size=16, sampler=sampler)
"""


def _features(code: CodeOfRun) -> str:
    return f"""
frames = np.concatenate(
    [clip["{code.features}"] for clip in {code.train}.values()])
mean, std = frames.mean(0), frames.std(0).clip(1e-6)

def prepare(features):  # the same for every split
    return (features - mean) / std
"""


def _landmarks(code: CodeOfRun) -> str:
    return f"""
features = clip["{code.features}"]
there = (features[:, hand_columns] != 0).any(1)
time = np.arange(len(features))
if there.any():
    for column in hand_columns:  # gaps filled in between
        features[:, column] = np.interp(
            time, time[there], features[there, column])
features = np.column_stack([features, there])  # the mask
"""


def _noise(code: CodeOfRun) -> str:
    line = (
        f'F.ctc_loss(log_p, target, lengths, one, blank={code.blank},\n                   reduction="none")'
        if code.ctc
        else 'F.cross_entropy(\n        logits, target, reduction="none")'
    )
    return f"""
{code.model}.eval()
for name, clip in {code.train}.items():
    # {"log_p (T, 1, C)" if code.ctc else "logits (1, C)"}, target (1,{" 1" if code.ctc else ""}) of this clip
    loss[name] = {line}.item()
for name in sorted(loss, key=loss.get, reverse=True)[:20]:
    print(name, {code.train}[name]["{code.gloss_id}"])  # watch these
"""


def _infeasible(code: CodeOfRun) -> str:
    return f"""
for name, clip in {code.train}.items():
    target = clip["{code.gloss_id}"]
    repeats = sum(a == b for a, b in zip(target, target[1:]))
    outputs = len(clip["{code.features}"]) // stride
    if outputs < len(target) + repeats:
        print("too short:", name)
"""


def _too_little(code: CodeOfRun) -> str:
    return f"""
count = Counter(c["{code.gloss_id}"] for c in {code.train}.values())
kept = {{gloss for gloss, n in count.items() if n >= 8}}
{code.train} = {{name: c for name, c in {code.train}.items()
         if c["{code.gloss_id}"] in kept}}
print(len(kept), "glosses,", len({code.train}), "clips")
"""


def _overfitting(code: CodeOfRun) -> str:
    return f"""
if val_acc > best_acc:
    best_acc, waited = val_acc, 0
    best_state = copy.deepcopy({code.model}.state_dict())
else:
    waited += 1
    if waited == 20:
        break
# after the last epoch, whichever way it ended
{code.model}.load_state_dict(best_state)
"""


def _learning_rate(code: CodeOfRun) -> str:
    rate = f"{code.learning_rate / 10:.3g}" if code.learning_rate else "lr / 10"
    return f"""
for group in {code.optimizer}.param_groups:
    group["lr"] = {rate}
{_loss(code)}
loss.backward()
nn.utils.clip_grad_norm_({code.model}.parameters(), 1.0)
{code.optimizer}.step()
"""


SNIPPETS: Mapping[str, Write] = {
    "label-map-mismatch": _label_map,
    "class-count-mismatch": _class_count,
    "decoder-mismatch": _decoder,
    "non-finite-weights": _non_finite,
    "stale-metadata": _stale,
    "validation-leak": _leak,
    "stage1-not-loaded": _stage1,
    "stage1-partly-loaded": _stage1,
    "layers-never-trained": _never_trained,
    "undertrained": _undertrained,
    "blank-collapse": _blank,
    "class-collapse": _class_collapse,
    "feature-mismatch": _features,
    "missing-landmarks": _landmarks,
    "label-noise": _noise,
    "ctc-infeasible": _infeasible,
    "too-little-data": _too_little,
    "overfitting": _overfitting,
    "learning-rate-too-high": _learning_rate,
}
