"""ONNX: a network as one protobuf message, its weights the initializers of the graph.

The message is walked field by field without a schema compiler and without recursion; numbers stay where they lie.
Initializers have their name as path, tensors of Constant nodes lie below `constants`, and those of subgraphs below
the node that holds the subgraph. Nothing of the graph is run.

Source: onnx/onnx.proto (ModelProto, GraphProto, NodeProto, AttributeProto, ValueInfoProto), ONNX 1.23.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace

from asl_inspector.checkpoints.companions import Companions
from asl_inspector.checkpoints.contents import weight_role
from asl_inspector.checkpoints.onnx_tensors import DTYPES, TensorParser
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import Role, TensorRecord, ValueRecord
from asl_inspector.checkpoints.safetensors import vocabulary_in
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.protobuf_wire import BYTES, FIXED32, VARINT, FieldBudget, fields, float_of, signed, text_of

IR_VERSION, PRODUCER, PRODUCER_VERSION, DOMAIN, MODEL_VERSION, DOC, GRAPH, OPSET, METADATA = *range(1, 9), 14
FUNCTION, FUNCTION_NODE = 25, 7
NODE, INITIALIZER, INPUT, OUTPUT, SPARSE_INITIALIZER = 1, 5, 11, 12, 15
NODE_OUTPUT, NODE_NAME, NODE_OPERATOR, NODE_ATTRIBUTE = 2, 3, 4, 5
ATTRIBUTE_NAME, ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_STRING, ATTRIBUTE_TENSOR = 1, 2, 3, 4, 5
ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS, ATTRIBUTE_SPARSE = 6, 11, 22
TEXT_FIELDS = {PRODUCER: "producer_name", PRODUCER_VERSION: "producer_version", DOMAIN: "domain", DOC: "doc_string"}
NUMBER_FIELDS = {IR_VERSION: "ir_version", MODEL_VERSION: "model_version"}
DEEPEST = 64
MOST_VALUES = 200_000
LONGEST_TEXT = 2_000
KeyPath = tuple[str, ...]


def read_onnx(file: MappedFile, cancel: CancelToken) -> Reading:
    """The tensors of an ONNX model, and what it says of itself.

    Raises:
        MalformedProtobuf: If the file breaks off or holds more than any real model.
        Cancelled: If `cancel` was set.
    """
    walk = _Walk(file.view, Companions(file), FieldBudget(cancel=cancel))
    walk.model()
    # old exporters write the weights as Constant nodes
    weights_path = () if any(len(tensor.path) == 1 for tensor in walk.tensors) else ("constants",)
    metadata = {value.path[1]: text for value, text in walk.metadata}
    notes = [*walk.parser.beside.notes(), *walk.notes]
    if walk.skipped:
        notes.append(f"{walk.skipped:,} more values are not shown.")
    operators = (
        ValueRecord(("graph", "operators", name), "int", str(count)) for name, count in walk.operators.most_common()
    )
    return Reading(
        format="onnx",
        tensors=tuple(tensor.with_role(_role(tensor, weights_path)) for tensor in walk.tensors),
        values=(*walk.values, *(value for value, _ in walk.metadata), *operators),
        notes=tuple(notes),
        gloss_to_id=vocabulary_in(metadata),
        weights_path=weights_path,
        parts=walk.parser.beside.opened,
    )


def _role(tensor: TensorRecord, weights_path: KeyPath) -> Role:
    return weight_role(tensor.dtype, tensor.path[-1]) if tensor.path[:-1] == weights_path else "other"


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph that is still to be walked; `depth` counts the graphs around it."""

    start: int
    end: int
    path: KeyPath
    depth: int
    node_field: int = NODE


@dataclass(slots=True)
class _Node:
    """What one node says."""

    outputs: list[str] = field(default_factory=list)
    name: str = ""
    operator: str = ""
    attributes: list[tuple[int, int]] = field(default_factory=list)


class _Walk:
    """Gathers rows over all graphs of a model, outermost first."""

    def __init__(self, content: memoryview, beside: Companions, budget: FieldBudget) -> None:
        self.content = content
        self.budget = budget
        self.parser = TensorParser(content, beside, budget)
        self.tensors: list[TensorRecord] = []
        self.values: list[ValueRecord] = []
        self.metadata: list[tuple[ValueRecord, str]] = []
        self.operators: Counter[str] = Counter()
        self.notes: list[str] = []
        self.skipped = 0
        self.todo: deque[_Graph] = deque()

    def text(self, start: int, end: int) -> str:
        return text_of(self.content, start, end)

    def tell(self, path: KeyPath, kind: str, text: str) -> None:
        if len(self.values) >= MOST_VALUES:
            self.skipped += 1
            return
        self.values.append(ValueRecord(path, kind, text[:LONGEST_TEXT]))

    def model(self) -> None:
        graphs = 0
        for number, kind, first, last in fields(self.content, 0, len(self.content), self.budget):
            if number in NUMBER_FIELDS and kind == VARINT:
                self.tell((NUMBER_FIELDS[number],), "int", str(signed(first)))
            elif number in TEXT_FIELDS and kind == BYTES and last > first:
                self.tell((TEXT_FIELDS[number],), "str", repr(self.text(first, last)))
            elif number == OPSET and kind == BYTES:
                self.opset(first, last)
            elif number == METADATA and kind == BYTES:
                key, text = self.parser.pair(first, last)
                row = ValueRecord(("metadata_props", key), "str", repr(text)[:LONGEST_TEXT])
                self.metadata.append((row, text))
            elif number == GRAPH and kind == BYTES:
                graphs += 1
                self.todo.append(_Graph(first, last, (), 0))
            elif number == FUNCTION and kind == BYTES:
                self.todo.append(_Graph(first, last, ("functions", self.name_in(first, last)), 1, FUNCTION_NODE))
        if graphs > 1:
            self.notes.append(f"The model has {graphs} graphs, and a reader may take one or all; all are shown.")
        while self.todo:
            self.graph(self.todo.popleft())

    def name_in(self, start: int, end: int) -> str:
        """The first field of a function: its name."""
        names = (
            self.text(first, last)
            for number, kind, first, last in fields(self.content, start, end, self.budget)
            if number == 1 and kind == BYTES
        )
        return next(names, "")

    def opset(self, start: int, end: int) -> None:
        domain, version = "", 0
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number == 1 and kind == BYTES:
                domain = self.text(first, last)
            elif number == 2 and kind == VARINT:
                version = signed(first)
        self.tell(("opset_import", domain or "ai.onnx"), "int", str(version))

    def graph(self, graph: _Graph) -> None:
        for number, kind, first, last in fields(self.content, graph.start, graph.end, self.budget):
            if kind != BYTES:
                continue
            if number == graph.node_field:
                self.node(graph, first, last)
            elif graph.node_field != NODE:
                continue
            elif number == INITIALIZER:
                name, tensor = self.parser.tensor(first, last)
                self.tensors.append(replace(tensor, path=(*graph.path, name)))
            elif number == SPARSE_INITIALIZER:
                name, tensor = self.parser.sparse(first, last)
                self.tensors.append(replace(tensor, path=(*graph.path, name)))
            elif number in (INPUT, OUTPUT) and not graph.depth:
                self.port("inputs" if number == INPUT else "outputs", first, last)

    def node(self, graph: _Graph, start: int, end: int) -> None:
        node = _Node()
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if kind != BYTES:
                continue
            if number == NODE_OUTPUT:
                node.outputs.append(self.text(first, last))
            elif number == NODE_NAME:
                node.name = self.text(first, last)
            elif number == NODE_OPERATOR:
                node.operator = self.text(first, last)
            elif number == NODE_ATTRIBUTE:
                node.attributes.append((first, last))
        self.operators[node.operator] += 1
        for first, last in node.attributes:
            self.attribute(graph, node, first, last)

    def attribute(self, graph: _Graph, node: _Node, start: int, end: int) -> None:
        """Constant's value, and the graphs inside If, Loop and Scan."""
        name = ""
        path = (*graph.path, "constants", "".join(node.outputs[:1]) or node.name)
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number == ATTRIBUTE_NAME and kind == BYTES:
                name = self.text(first, last)
            elif number in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS) and kind == BYTES:
                self.inner_graph(graph, (*graph.path, node.name or node.operator, name), first, last)
            elif node.operator != "Constant":
                continue
            elif number == ATTRIBUTE_TENSOR and kind == BYTES:
                self.tensors.append(replace(self.parser.tensor(first, last)[1], path=path))
            elif number == ATTRIBUTE_SPARSE and kind == BYTES:
                self.tensors.append(replace(self.parser.sparse(first, last)[1], path=path))
            elif number == ATTRIBUTE_FLOAT and kind == FIXED32:
                self.tell(path, "float", repr(float_of(self.content, first)))
            elif number == ATTRIBUTE_INT and kind == VARINT and name == "value_int":
                self.tell(path, "int", str(signed(first)))
            elif number == ATTRIBUTE_STRING and kind == BYTES:
                self.tell(path, "str", repr(self.text(first, last)))

    def inner_graph(self, graph: _Graph, path: KeyPath, start: int, end: int) -> None:
        if graph.depth >= DEEPEST:
            note = f"Graphs inside graphs are shown {DEEPEST} levels deep."
            self.notes += [] if note in self.notes else [note]
            return
        self.todo.append(_Graph(start, end, path, graph.depth + 1))

    def port(self, which: str, start: int, end: int) -> None:
        """An input or output of the network: its name, type and sizes, which may have names."""
        name, told = "", ""
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number == 1 and kind == BYTES:
                name = self.text(first, last)
            elif number == 2 and kind == BYTES:
                told = self.type_text(first, last)
        self.tell(("graph", which, name), "tensor", told)

    def type_text(self, start: int, end: int) -> str:
        """A TypeProto as text: "float32 [batch, frames, 36]"."""
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number != 1 or kind != BYTES:
                return "no tensor"
            dtype, sizes = "unknown", ""
            for inner, inner_kind, place, stop in fields(self.content, first, last, self.budget):
                if inner == 1 and inner_kind == VARINT:
                    dtype = DTYPES.get(place, f"onnx type {place}")
                elif inner == 2 and inner_kind == BYTES:
                    sizes = f" [{', '.join(self.sizes(place, stop))}]"
            return dtype + sizes
        return "unknown"

    def sizes(self, start: int, end: int) -> list[str]:
        """The dimensions of a TensorShapeProto: numbers, names, or `?`."""
        shown: list[str] = []
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number != 1 or kind != BYTES or len(shown) > DEEPEST:
                continue
            size = "?"
            for inner, inner_kind, value, stop in fields(self.content, first, last, self.budget):
                if inner == 1 and inner_kind == VARINT:
                    size = str(signed(value))
                elif inner == 2 and inner_kind == BYTES:
                    size = self.text(value, stop)
            shown.append(size)
        return shown
