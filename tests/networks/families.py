"""Networks as training code writes them, built independently of the program, one function a family member."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm  # noqa: F401 - imported so that torch sets it up once

FEATURES, CLASSES = 10, 7


class GruLast(nn.Module):
    """The layout of a public fingerspelling project: linear, GRU, linear on the last frame."""

    def __init__(self) -> None:
        super().__init__()
        self.fc_input = nn.Linear(FEATURES, 12)
        self.gru = nn.GRU(12, 12, 2, batch_first=True)
        self.fc_output = nn.Linear(12, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc_output(self.gru(torch.relu(self.fc_input(x)))[0][:, -1])


class BiLstmState(nn.Module):
    """Last state of both directions, MLP head with an unusual name, defined before the LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.output_mlp = nn.Sequential(nn.Linear(16, 9), nn.GELU(), nn.Dropout(0.3), nn.Linear(9, CLASSES))
        self.sequence_model = nn.LSTM(FEATURES, 8, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, _) = self.sequence_model(x)
        return self.output_mlp(torch.cat([h[-2], h[-1]], dim=-1))


class AttentionLstm(nn.Module):
    """Attention pooling after a LayerNorm."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(FEATURES, 8, 2, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(16)
        self.attention = nn.Sequential(nn.Linear(16, 5), nn.Tanh(), nn.Linear(5, 1))
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.rnn(x)[0])
        return self.fc((y * self.attention(y).softmax(1)).sum(1))


class StackedCtc(nn.Module):
    """Two recurrent modules, BatchNorm, per frame, blank first; tanh RNN on top."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(FEATURES)
        self.first = nn.GRU(FEATURES, 6, batch_first=True, bidirectional=True)
        self.second = nn.RNN(12, 5, batch_first=True)
        self.ctc_out = nn.Linear(5, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn(x.transpose(1, 2)).transpose(1, 2)
        return self.ctc_out(self.second(self.first(y)[0])[0])


class MeanTransformer(nn.Module):
    """Sinusoidal positions kept as a buffer, mean pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(FEATURES, 16)
        steps = torch.arange(50).unsqueeze(1)
        rates = torch.exp(torch.arange(0, 16, 2) * (-math.log(10000.0) / 16))
        table = torch.zeros(1, 50, 16)
        table[0, :, 0::2], table[0, :, 1::2] = torch.sin(steps * rates), torch.cos(steps * rates)
        self.register_buffer("pe", table)
        layer = nn.TransformerEncoderLayer(16, 4, 20, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, 2)
        self.classifier = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        y = self.embed(x) + self.pe[:, : x.shape[1]]
        return self.classifier(self.transformer(y).mean(1))


class TokenTransformer(nn.Module):
    """Class token, learned positions, final norm, gelu, norm first."""

    def __init__(self) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, 12))
        self.pos_embed = nn.Parameter(torch.randn(1, 41, 12))
        self.proj = nn.Linear(FEATURES, 12)
        layer = nn.TransformerEncoderLayer(12, 2, 20, activation="gelu", norm_first=True, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 3, nn.LayerNorm(12), enable_nested_tensor=False)
        self.head = nn.Linear(12, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([self.cls_token.expand(len(x), -1, -1), self.proj(x)], 1)
        return self.head(self.encoder(y + self.pos_embed[:, : y.shape[1]])[:, 0])


class SinusoidalFrames(nn.Module):
    """Positions computed, nothing of them in the file; an answer a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(FEATURES, 8)
        self.enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, batch_first=True), 1)
        self.ctc_head = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        steps = torch.arange(x.shape[1]).unsqueeze(1)
        rates = 1 / 10000 ** (torch.arange(0, 8, 2) / 8)
        table = torch.zeros(x.shape[1], 8)
        table[:, 0::2], table[:, 1::2] = torch.sin(steps * rates), torch.cos(steps * rates)
        return self.ctc_head(self.enc(self.embedding(x) * math.sqrt(8) + table))


class SpoterLayer(nn.TransformerDecoderLayer):
    """As published: the self-attention is deleted."""

    def __init__(self) -> None:
        super().__init__(FEATURES, 5, 16)
        del self.self_attn

    def forward(self, tgt: Tensor, memory: Tensor, **_: object) -> Tensor:
        tgt = self.norm1(tgt + self.dropout1(tgt))
        tgt = self.norm2(tgt + self.dropout2(self.multihead_attn(tgt, memory, memory)[0]))
        return self.norm3(tgt + self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(tgt))))))


class Spoter(nn.Module):
    """As published, with 5 heads over 10 numbers a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.row_embed = nn.Parameter(torch.rand(50, FEATURES))
        self.pos = nn.Parameter(self.row_embed[0].detach().clone()[None, None])
        self.class_query = nn.Parameter(torch.rand(1, FEATURES))
        self.transformer = nn.Transformer(FEATURES, 5, 2, 2, 16)
        self.transformer.decoder.layers = nn.ModuleList(SpoterLayer() for _ in range(2))
        self.linear_class = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        memory = self.transformer.encoder(self.pos + x.transpose(0, 1))  # frames first, as published
        query = self.class_query.unsqueeze(0).expand(-1, x.shape[0], -1)
        for layer in self.transformer.decoder.layers:
            query = layer(query, memory)
        return self.linear_class(self.transformer.decoder.norm(query))[0]


class Convolutions(nn.Module):
    """Conv, BatchNorm, ReLU, twice; mean over time; MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(FEATURES, 12, 5, padding=2),
            nn.BatchNorm1d(12),
            nn.ReLU(),
            nn.Conv1d(12, 9, 3, padding=1, bias=False),
            nn.BatchNorm1d(9),
            nn.ReLU(),
        )
        self.fc1, self.fc2 = nn.Linear(9, 8), nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(torch.relu(self.fc1(self.features(x.transpose(1, 2)).mean(-1))))


class ShrinkingConvolutions(nn.Module):
    """No padding, max pooling between, an answer a frame that is left."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.c2 = nn.Conv1d(FEATURES, 6, 3), nn.Conv1d(6, 8, 2)
        self.ctc = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.max_pool1d(torch.relu(self.c1(x.transpose(1, 2))), 2)
        y = functional.max_pool1d(torch.relu(self.c2(y)), 2)
        return self.ctc(y.transpose(1, 2))


class TcnBlock(nn.Module):
    """As published: two dilated causal convolutions with weight normalisation, also listed in `net`."""

    def __init__(self, inputs: int, outputs: int, dilation: int, *, normed: bool) -> None:
        super().__init__()
        wrap = nn.utils.weight_norm if normed else (lambda module: module)
        self.conv1 = wrap(nn.Conv1d(inputs, outputs, 3, padding=2 * dilation, dilation=dilation))
        self.conv2 = wrap(nn.Conv1d(outputs, outputs, 3, padding=2 * dilation, dilation=dilation))
        self.net = nn.Sequential(self.conv1, nn.Identity(), nn.ReLU(), nn.Identity(), self.conv2)
        self.downsample = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.conv1(x)[..., : x.shape[2]])
        y = torch.relu(self.conv2(y)[..., : x.shape[2]])
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Tcn(nn.Module):
    """Three blocks and a linear layer on the last frame."""

    def __init__(self, *, normed: bool) -> None:
        super().__init__()
        widths = [FEATURES, 6, 6, 8]
        self.network = nn.Sequential(*(TcnBlock(widths[i], widths[i + 1], 2**i, normed=normed) for i in range(3)))
        self.linear = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.network(x.transpose(1, 2))[..., -1])


class WlaslConvolution(nn.Module):
    """As published: the numbers first, then the landmarks; five landmarks here."""

    def __init__(self, inputs: int, outputs: int, landmarks: int = FEATURES // 2) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) / inputs**0.5)
        self.att = nn.Parameter(torch.randn(landmarks, landmarks) / landmarks**0.5)
        self.bias = nn.Parameter(torch.randn(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("vw,nwf,fh->nvh", self.att, x, self.weight) + self.bias


class WlaslBlock(nn.Module):
    """As published: twice convolution, norm over all landmarks' numbers, tanh; the input is added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gc1, self.gc2 = WlaslConvolution(width, width), WlaslConvolution(width, width)
        self.bn1, self.bn2 = (nn.BatchNorm1d(FEATURES // 2 * width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(self.bn1(self.gc1(x).reshape(len(x), -1)).reshape(x.shape))
        return torch.tanh(self.bn2(self.gc2(y).reshape(len(x), -1)).reshape(x.shape)) + x


class WlaslTgcn(nn.Module):
    """As published, with 12 frames and two blocks; fed with frames, which it lays out landmark by landmark."""

    frames = 12

    def __init__(self) -> None:
        super().__init__()
        self.gc1 = WlaslConvolution(2 * self.frames, 6)
        self.bn1 = nn.BatchNorm1d(FEATURES // 2 * 6)
        self.gcbs = nn.ModuleList([WlaslBlock(6), WlaslBlock(6)])
        self.fc_out = nn.Linear(6, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        poses = [frame.reshape(len(x), FEATURES // 2, 2) for frame in x.unbind(1)]  # a list of (N, 5, 2)
        y = self.gc1(torch.cat(poses, dim=2))
        y = torch.tanh(self.bn1(y.reshape(len(x), -1)).reshape(y.shape))
        for block in self.gcbs:
            y = block(y)
        return self.fc_out(y.mean(1))


class NormLinear(nn.Module):
    """As published: (inputs, outputs), every column of length one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return x @ (self.weight / self.weight.norm(dim=0, keepdim=True))


class TemporalConvolutions(nn.Module):
    """As published: a sequence with pooling between and at the end, and a classifier that only training uses."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.temporal_conv = nn.Sequential(
            nn.Conv1d(FEATURES, 12, 5),
            nn.BatchNorm1d(12),
            nn.ReLU(inplace=True),
            nn.MaxPool1d(2),
            nn.Conv1d(12, 12, 5),
            nn.BatchNorm1d(12),
            nn.ReLU(inplace=True),
            nn.MaxPool1d(2),
        )
        self.fc = classifier


class RecurrentFramesFirst(nn.Module):
    """As published: frames come first, two layers, half of the width a direction."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(12, 6, 2, bidirectional=True)


class Vac(nn.Module):
    """As published, with a picture network that is never called here; clips are padded as its loader pads the video."""

    def __init__(self, *, shared: bool) -> None:
        super().__init__()
        self.conv2d = nn.Sequential(nn.Conv2d(3, 4, 7), nn.BatchNorm2d(4))
        self.classifier = NormLinear(12, CLASSES) if shared else nn.Linear(12, CLASSES)
        self.conv1d = TemporalConvolutions(self.classifier if shared else nn.Linear(12, CLASSES))
        self.temporal_model = RecurrentFramesFirst()

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[1]
        after = math.ceil(frames / 4) * 4 - frames + 6
        x = torch.cat([x[:, :1].expand(-1, 6, -1), x, x[:, -1:].expand(-1, after, -1)], dim=1)
        y = self.conv1d.temporal_conv(x.transpose(1, 2))
        return self.classifier(self.temporal_model.rnn(y.permute(2, 0, 1))[0]).transpose(0, 1)


class SlowAttention(nn.Module):
    """As published: keys, values and queries by layers of their own; scores divided by the root of a head's width."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.k_layer, self.v_layer, self.q_layer = (
            nn.Linear(width, width),
            nn.Linear(width, width),
            nn.Linear(width, width),
        )
        self.output_layer = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-1] // self.heads
        answers = []
        for head in range(self.heads):
            part = slice(head * size, (head + 1) * size)
            k, v, q = self.k_layer(x)[..., part], self.v_layer(x)[..., part], self.q_layer(x)[..., part]
            answers.append(
                torch.einsum("nqk,nke->nqe", (torch.einsum("nqe,nke->nqk", q, k) / size**0.5).softmax(-1), v)
            )
        return self.output_layer(torch.cat(answers, -1))


class SlowFeedForward(nn.Module):
    """As published: norm, wider, ReLU, narrower, added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(width, eps=1e-6)
        self.pwff_layer = nn.Sequential(
            nn.Linear(width, 20), nn.ReLU(), nn.Dropout(0.1), nn.Linear(20, width), nn.Dropout(0.1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.pwff_layer(self.layer_norm(x)) + x


class SignjoeyLayer(nn.Module):
    """As published: norm, attention, added; then the feed-forward part."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(width, eps=1e-6)
        self.src_src_att = SlowAttention(width, heads)
        self.feed_forward = SlowFeedForward(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.feed_forward(self.src_src_att(self.layer_norm(x)) + x)


class SignjoeyEncoder(nn.Module):
    """As published: a table of positions as a buffer, layers, a norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(SignjoeyLayer(width, heads) for _ in range(2))
        self.layer_norm = nn.LayerNorm(width, eps=1e-6)
        self.pe = nn.Module()
        steps, rates = torch.arange(60.0)[:, None], 10_000 ** (-torch.arange(0, width, 2) / width)
        table = torch.stack([torch.sin(steps * rates), torch.cos(steps * rates)], -1).reshape(1, 60, width)
        self.pe.register_buffer("pe", table)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pe.pe[:, : x.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.layer_norm(x)


class Signjoey(nn.Module):
    """As published, with a decoder that is never called here.

    Args:
        norm: Of the embedding, or None.
        activation: Of the embedding.
        scale: Of the embedding.
        translates: True with a decoder.
    """

    def __init__(
        self, norm: nn.Module | None, activation: Callable[[Tensor], Tensor], scale: float, *, translates: bool
    ) -> None:
        super().__init__()
        self.sgn_embed = nn.Module()
        self.sgn_embed.ln = nn.Linear(FEATURES, 12)
        if norm is not None:
            self.sgn_embed.norm = nn.Module()
            self.sgn_embed.norm.norm = norm
        self.encoder = SignjoeyEncoder(12, 4)
        self.gloss_output_layer = nn.Linear(12, CLASSES)
        if translates:
            self.decoder = nn.ModuleDict({"output_layer": nn.Linear(12, 30, bias=False)})
            self.txt_embed = nn.ModuleDict({"lut": nn.Embedding(30, 12)})
        self.activation, self.scale = activation, scale

    def forward(self, x: Tensor) -> Tensor:
        y = self.sgn_embed.ln(x)
        if hasattr(self.sgn_embed, "norm"):
            y = self.sgn_embed.norm.norm(y.reshape(-1, 12)).reshape(y.shape)
        return self.gloss_output_layer(self.encoder(self.activation(y) * self.scale))


@dataclass(frozen=True)
class Member:
    """A network, the choices that its tensors cannot tell, and what the program should say of it."""

    name: str
    make: Callable[[], nn.Module]
    family: str
    chosen: dict[str, str] = field(default_factory=dict)
    blank: int | None = None
    pooled: bool = True
    least: int = 1
    prefix: str = ""


MEMBERS = (
    Member("gru_last", GruLast, "recurrent", {"input activation": "relu"}),
    Member("bilstm_state", BiLstmState, "recurrent", {"head activation": "gelu"}),
    Member("attention_lstm", AttentionLstm, "recurrent"),
    Member("stacked_ctc", StackedCtc, "recurrent", {"cell activation": "tanh"}, blank=0, pooled=False),
    Member("mean_transformer", MeanTransformer, "transformer encoder", {"heads": "4"}),
    Member(
        "token_transformer",
        TokenTransformer,
        "transformer encoder",
        {"heads": "2", "activation": "gelu", "norm": "before"},
        prefix="module.",
    ),
    Member(
        "sinusoidal_frames",
        SinusoidalFrames,
        "transformer encoder",
        {"heads": "2", "input scale": "square root of the width"},
        blank=0,
        pooled=False,
    ),
    Member("spoter", Spoter, "SPOTER", {"heads": "5"}),
    Member("convolutions", Convolutions, "temporal convolutions", {}, prefix="_orig_mod.model."),
    Member(
        "shrinking_convolutions",
        ShrinkingConvolutions,
        "temporal convolutions",
        {"padding": "none", "pooling between": "max of two"},
        blank=0,
        pooled=False,
        least=8,
    ),
    Member("vac", lambda: Vac(shared=True), "VAC", blank=0, pooled=False),
    Member("vac_linear", lambda: Vac(shared=False), "VAC", blank=0, pooled=False, prefix="module."),
    Member(
        "signjoey",
        lambda: Signjoey(nn.BatchNorm1d(12), functional.softsign, 1.0, translates=True),
        "signjoey",
        {"heads": "4"},
        blank=0,
        pooled=False,
    ),
    Member(
        "signjoey_recogniser",
        lambda: Signjoey(None, torch.relu, 12**0.5, translates=False),
        "signjoey",
        {"heads": "4", "input activation": "relu", "input scale": "square root of the width"},
        blank=0,
        pooled=False,
        prefix="module.",
    ),
    Member(
        "signjoey_group_norm",
        lambda: Signjoey(nn.GroupNorm(4, 12), functional.softsign, 1.0, translates=False),
        "signjoey",
        {"heads": "4", "input norm": "group"},
        blank=0,
        pooled=False,
    ),
    Member("tcn", lambda: Tcn(normed=False), "TCN"),
    Member("tcn_weight_norm", lambda: Tcn(normed=True), "TCN"),
)
