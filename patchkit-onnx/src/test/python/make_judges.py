#!/usr/bin/env python3
"""Makes the tiny text classifiers of the judge tests, with expected scores from numpy and sklearn.

    pip install numpy==2.4.6 scikit-learn==1.9.1 onnx==1.23.2 skl2onnx==1.20.0 \
      tokenizers==0.23.3 Keras-Preprocessing==1.1.2
    python make_judges.py ../resources/judges

  folder/        as Hugging Face exports one: model.onnx (ids, mask, token types -> logits of two
                 labels: masked mean of embeddings, then a linear layer), tokenizer.json, config.json
  strings.onnx   TF-IDF and logistic regression behind one string input
  words/         ids of words as Keras makes them: model.onnx (rows of 6 ids -> scores of two labels,
                 each place weighed differently), vocabulary.json
  expected.json  texts and their scores, computed without ONNX
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from keras_preprocessing.sequence import pad_sequences
from keras_preprocessing.text import Tokenizer as KerasTokenizer
from onnx import TensorProto as T, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from tokenizers import Tokenizer, models, pre_tokenizers, normalizers, processors

out = Path(sys.argv[1])
folder = out / "folder"
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)

WORDS = "the a soup cake rude kind you are is was very not lovely awful thanks go away".split()
VOCABULARY = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.Lowercase()
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
tokenizer.save(str(folder / "tokenizer.json"))
LONGEST = 12
(folder / "config.json").write_text(json.dumps({
    "architectures": ["TinyForSequenceClassification"], "id2label": {"0": "kind", "1": "rude"},
    "max_position_embeddings": LONGEST, "pad_token_id": 0}, indent=1) + "\n")

width = 4
embedding = rng.normal(size=(len(VOCABULARY), width)).astype(np.float32)
weight = rng.normal(size=(width, 2)).astype(np.float32)
bias = rng.normal(size=2).astype(np.float32)
nodes = [
    helper.make_node("Gather", ["embedding", "input_ids"], ["rows"]),
    helper.make_node("Cast", ["attention_mask"], ["mask"], to=T.FLOAT),
    helper.make_node("Unsqueeze", ["mask", "last"], ["mask3"]),
    helper.make_node("Mul", ["rows", "mask3"], ["kept"]),
    helper.make_node("ReduceSum", ["kept", "one"], ["sum"], keepdims=0),
    helper.make_node("ReduceSum", ["mask", "one"], ["count"], keepdims=1),
    helper.make_node("Div", ["sum", "count"], ["mean"]),
    helper.make_node("Cast", ["token_type_ids"], ["types"], to=T.FLOAT),
    helper.make_node("ReduceSum", ["types", "one"], ["type"], keepdims=1),
    helper.make_node("Add", ["mean", "type"], ["pooled"]),
    helper.make_node("Gemm", ["pooled", "weight", "bias"], ["logits"]),
]
ids = [helper.make_tensor_value_info(n, T.INT64, ["b", "s"])
       for n in ("input_ids", "attention_mask", "token_type_ids")]
graph = helper.make_graph(
    nodes, "tiny", ids, [helper.make_tensor_value_info("logits", T.FLOAT, ["b", 2])],
    [numpy_helper.from_array(embedding, "embedding"), numpy_helper.from_array(weight, "weight"),
     numpy_helper.from_array(bias, "bias"),
     numpy_helper.from_array(np.array([2], np.int64), "last"),
     numpy_helper.from_array(np.array([1], np.int64), "one")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, folder / "model.onnx")

TEXTS = ["The soup was lovely, thanks!", "You are rude. Go away!", "", "a cake",
         "very very very rude rude rude rude very very awful awful go away you you you"]


def folder_score(text):
    ids = tokenizer.encode(text).ids
    if len(ids) > LONGEST:
        ids = ids[:LONGEST - 1] + ids[-1:]
    logits = embedding[ids].mean(axis=0) @ weight + bias
    e = np.exp(logits - logits.max())
    return float((e / e.sum())[1])


labelled = [("the soup was lovely thanks", 0), ("a very kind cake", 0), ("thanks you are kind", 0),
            ("the cake is lovely", 0), ("you are rude go away", 1), ("the soup was awful", 1),
            ("go away", 1), ("very rude and awful", 1)]
pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))
pipeline.fit([t for t, _ in labelled], [y for _, y in labelled])
strings = to_onnx(pipeline, initial_types=[("text", StringTensorType([None, 1]))],
                  options={id(pipeline): {"zipmap": False}}, target_opset=17)
# The runtime's default locale, en_US.UTF-8, is missing on many servers.
for node in strings.graph.node:
    if node.op_type == "StringNormalizer":
        kept = [a for a in node.attribute if a.name != "locale"]
        del node.attribute[:]
        node.attribute.extend(kept + [helper.make_attribute("locale", "C")])
onnx.save(strings, out / "strings.onnx")

np.unicode_ = np.str_  # Keras-Preprocessing, which is no longer kept, asks numpy 2 for it.
words = out / "words"
words.mkdir(exist_ok=True)
KEPT, PLACES = 18, 6
keras = KerasTokenizer(num_words=KEPT)
keras.fit_on_texts(["don't you're “rude” café", " ".join(WORDS)])
(words / "vocabulary.json").write_text(json.dumps(
    {w: i for w, i in keras.word_index.items() if i < KEPT}, indent=1) + "\n")
wordRng = np.random.default_rng(8)
table = wordRng.normal(size=(KEPT, 2)).astype(np.float32)
places = wordRng.normal(size=(1, PLACES, 1)).astype(np.float32)
graph = helper.make_graph(
    [helper.make_node("Gather", ["table", "ids"], ["rows"]),
     helper.make_node("Mul", ["rows", "places"], ["weighed"]),
     helper.make_node("ReduceSum", ["weighed", "one"], ["sum"], keepdims=0),
     helper.make_node("Sigmoid", ["sum"], ["scores"])],
    "words", [helper.make_tensor_value_info("ids", T.INT64, ["b", PLACES])],
    [helper.make_tensor_value_info("scores", T.FLOAT, ["b", 2])],
    [numpy_helper.from_array(table, "table"), numpy_helper.from_array(places, "places"),
     numpy_helper.from_array(np.array([1], np.int64), "one")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, words / "model.onnx")
WORD_TEXTS = [*TEXTS, "Don't be RUDE:\tyou're (very|awful)\nÜBER the cake, the soup & the kind",
              "unknown “rude” Café"]


def words_score(text, label):
    ids = pad_sequences(keras.texts_to_sequences([text]), maxlen=PLACES)[0]
    return float(1 / (1 + np.exp(-(table[ids] * places[0]).sum(axis=0)[label])))


(out / "expected.json").write_text(json.dumps({
    "texts": TEXTS,
    "folder": [folder_score(t) for t in TEXTS],
    "strings": [float(p) for p in pipeline.predict_proba(TEXTS)[:, 1]],
    "wordTexts": WORD_TEXTS,
    "words": [words_score(t, 1) for t in WORD_TEXTS],
    "firstLabelOfWords": [words_score(t, 0) for t in WORD_TEXTS],
}, indent=1) + "\n")
