"""The cells of the demo notebook, as a researcher might have written them, faults included.

They are run one after the other by `make_demo_case.py`, so what the notebook shows is what they printed. Two faults are
planted, both from life: `extract_split` numbers the glosses anew in every split, and the Stage 1 weights are loaded
inside a `try` whose message contradicts what is printed afterwards.
"""

MARKDOWN_TITLE = """# Signs from landmarks: BiLSTM + CTC

Demo case of ASL Inspector. **The signs are synthetic**: forty made-up movements by twelve made-up signers.
Nothing here says anything about real signing."""

IMPORTS = """import copy, json, pickle, random
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

random.seed(SEED); np.random.seed(SEED); torch.manual_seed(SEED)
torch.set_num_threads(1)
DEVICE = "cpu"
print(f"GPU Available: {torch.cuda.is_available()}")"""

FEATURES = '''def extract_split(videos, split):
    """Features of one split; videos whose landmarks were not found are skipped."""
    gloss_to_id, next_gloss_id, cache = {}, 1, {}
    for video in videos:
        features = landmarks_of(video)
        if features is None:
            continue
        if video["gloss"] not in gloss_to_id:
            gloss_to_id[video["gloss"]] = next_gloss_id
            next_gloss_id += 1
        cache[video["id"]] = {"features": features, "gloss": video["gloss"],
                              "gloss_id": gloss_to_id[video["gloss"]], "video_id": video["id"], "split": split}
    return cache, gloss_to_id

all_gloss_to_id = {}
caches = {}
for split in ("train", "val"):
    caches[split], gloss_to_id = extract_split(videos[split], split)
    all_gloss_to_id.update(gloss_to_id)
    with open(f"{OUT}/features_{split}.pkl", "wb") as file:
        pickle.dump(caches[split], file, protocol=4)

vocab_size = len(all_gloss_to_id) + 1
id_to_gloss = {number: gloss for gloss, number in all_gloss_to_id.items()}
with open(f"{OUT}/vocabulary.json", "w") as file:
    json.dump({"gloss_to_id": all_gloss_to_id, "id_to_gloss": id_to_gloss, "vocab_size": vocab_size}, file, indent=1)

print("Loaded features:")
print(f"  Train: {len(caches['train'])} videos")
print(f"  Val: {len(caches['val'])} videos")
print(f"  Vocab size: {vocab_size} ({len(all_gloss_to_id)} glosses + blank)")'''

DATASET = """class SignDataset(Dataset):
    def __init__(self, cache):
        self.samples = list(cache.values())
    def __len__(self):
        return len(self.samples)
    def __getitem__(self, index):
        sample = self.samples[index]
        return torch.from_numpy(sample["features"]), sample["gloss_id"]

def collate(batch):
    features, ids = zip(*batch)
    lengths = torch.tensor([len(f) for f in features])
    return nn.utils.rnn.pad_sequence(features, batch_first=True), lengths, torch.tensor(ids)

train_loader = DataLoader(SignDataset(caches["train"]), batch_size=16, shuffle=True, collate_fn=collate)
val_loader = DataLoader(SignDataset(caches["val"]), batch_size=16, collate_fn=collate)
print(f"Train: {len(train_loader.dataset)} samples ({len(train_loader)} batches)")
print(f"Val: {len(val_loader.dataset)} samples ({len(val_loader)} batches)")"""

MODEL = """class Encoder(nn.Module):
    def __init__(self, inputs, hidden, layers, dropout):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, layers, batch_first=True, bidirectional=True, dropout=dropout)
    def forward(self, features, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(features, lengths, batch_first=True, enforce_sorted=False)
        encoded, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return encoded

class Recogniser(nn.Module):
    def __init__(self, inputs, hidden, layers, dropout, vocab_size):
        super().__init__()
        self.encoder = Encoder(inputs, hidden, layers, dropout)
        self.classifier = nn.Linear(2 * hidden, vocab_size)
    def forward(self, features, lengths):
        return self.classifier(self.encoder(features, lengths))

HIDDEN_DIM, NUM_LAYERS, DROPOUT, EPOCHS, LEARNING_RATE = 64, 2, 0.3, 40, 2e-3
model = Recogniser(36, HIDDEN_DIM, NUM_LAYERS, DROPOUT, vocab_size).to(DEVICE)
print(f"Parameters: {sum(p.numel() for p in model.parameters()):,}")"""

STAGE1 = """stage1 = torch.load(f"{OUT}/stage1_checkpoint_best.pt", map_location=DEVICE, weights_only=True)
print("Loading pre-trained Stage 1 encoder from stage1_checkpoint_best.pt...")
print("  Found 'encoder_state_dict' in checkpoint")
print("  Stage 1 checkpoint loaded successfully!")
USE_PRETRAINED = True
try:
    model.encoder.load_state_dict(stage1["encoder_state_dict"], strict=False)
except RuntimeError as error:
    print(f"  Warning: Could not load pre-trained weights: {str(error).splitlines()[0]}")
    print("  Continuing with random initialization...")
print(f"Encoder initialization: {'PRE-TRAINED (Stage 1)' if USE_PRETRAINED else 'RANDOM'}")"""

TRAIN = """ctc = nn.CTCLoss(blank=0, zero_infinity=True)
optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-5)

def run_epoch(loader, training):
    model.train(training)
    losses, right, seen = [], 0, 0
    for features, lengths, ids in loader:
        with torch.set_grad_enabled(training):
            logits = model(features, lengths)
            log_probs = logits.log_softmax(-1).transpose(0, 1)
            loss = ctc(log_probs, ids.unsqueeze(1), lengths, torch.ones(len(ids), dtype=torch.long))
        if training:
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        losses.append(loss.item())
        for row, length, true_id in zip(logits.argmax(-1), lengths, ids):
            spoken = row[:length][row[:length] != 0].numpy()
            right += int((np.bincount(spoken).argmax() if len(spoken) else 0) == true_id)
            seen += 1
    return sum(losses) / len(losses), 100 * right / seen

for epoch in range(1, EPOCHS + 1):
    train_loss, _ = run_epoch(train_loader, training=True)
    val_loss, val_acc = run_epoch(val_loader, training=False)
    print(f"Epoch {epoch}/{EPOCHS}:")
    print(f"  Train Loss: {train_loss:.4f}")
    print(f"  Val Loss: {val_loss:.4f}")
    print(f"  Val Accuracy: {val_acc:.2f}%")"""

SAVE = """torch.save({"epoch": epoch, "model_state_dict": copy.deepcopy(model.state_dict()),
            "optimizer_state_dict": optimizer.state_dict(), "val_acc": val_acc, "val_loss": val_loss,
            "train_loss": train_loss, "vocab_size": vocab_size, "gloss_to_id": all_gloss_to_id,
            "id_to_gloss": id_to_gloss, "hidden_dim": HIDDEN_DIM, "num_layers": NUM_LAYERS, "dropout": DROPOUT},
           f"{OUT}/checkpoint_epoch_{epoch}.pt")
print(f"Final Val Accuracy: {val_acc:.2f}%")"""

CODE_CELLS = (IMPORTS, FEATURES, DATASET, MODEL, STAGE1, TRAIN, SAVE)
