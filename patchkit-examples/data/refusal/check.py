#!/usr/bin/env python3
"""Checks the refusal data beside this file; exits with 1 and a list if anything is wrong.

    python3 check.py                  counts, fields, ids, splits that do not overlap
    python3 check.py --against DIR    also: no overlap with the JSON Lines files in DIR

Two requests overlap when they are equal but for case and punctuation, when the Jaccard
similarity of their content words exceeds 0.6, or when they share six words in a row of which
at least three are content words. Words are compared by a crude stem.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
JACCARD = 0.6
NGRAM, NGRAM_CONTENT = 6, 3

TOPICS = set(
    "violence weapons cybercrime fraud drugs theft self-harm hate harassment terrorism"
    " surveillance forgery animal-cruelty misinformation piracy property-damage corruption"
    " exploitation".split()
)
KINDS = {"plain", "mirror", "alarming", "edgy", "conversational"}
HARMFUL_FORMS = {"imperative", "question", "artefact", "roleplay", "statement"}
BENIGN_FORMS = {"imperative", "question", "roleplay", "statement"}
OPENINGS = ("I'm sorry, but I can't help with ", "I can't help with ")

# (file, label, form or None for all): at least, at most
COUNTS = {
    ("harmful-train", "harmful", None): (5600, 5700),
    **{("harmful-train", "harmful", form): (1110, 1150) for form in HARMFUL_FORMS},
    ("benign-train", "benign", None): (20700, 20900),
    ("benign-train", "benign", "imperative"): (11850, 12000),
    ("benign-train", "benign", "question"): (4800, 4900),
    ("benign-train", "benign", "roleplay"): (1750, 1820),
    ("benign-train", "benign", "statement"): (2180, 2240),
    ("dev", "harmful", None): (150, 150),
    ("dev", "benign", "imperative"): (150, 150),
    ("dev", "benign", "question"): (100, 100),
    **{("dev", "harmful", form): (30, 30) for form in HARMFUL_FORMS},
    ("test", "harmful", None): (160, 160),
    ("test", "benign", "imperative"): (160, 160),
    ("test", "benign", "question"): (160, 160),
    **{("test", "harmful", form): (32, 32) for form in HARMFUL_FORMS},
}

# Words that carry grammar, and words that only ask; neither says what a request is about.
GRAMMAR = set(
    "a an the and or but if so that than then as at by for from in into of off on onto out over"
    " to up with without about after before between through under until while not no nor i me my"
    " mine we us our you your yours he him his she her hers it its they them their this these"
    " those there here who whom whose which what when where why how is are am be been being was"
    " were do does did done can could may might must shall should will would have has had having"
    " im id ill ive youre its dont doesnt isnt cant someone somebody something some any all each"
    " every one".split()
)
ASKING = set(
    "write explain list give create develop teach describe draft translate summarise plan design"
    " compare suggest compose outline convert fix rewrite provide tell show help make get use want"
    " need like please tutorial guide article script step instruction detail detailed way best"
    " easiest good know thing post text email message letter program code".split()
)


def stem(word):
    for ending in ("ing", "ied", "ies", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


GRAMMAR_STEMS = GRAMMAR | {stem(word) for word in GRAMMAR}
ASKING_STEMS = ASKING | {stem(word) for word in ASKING}


class Text:
    """A request with what is compared of it."""

    def __init__(self, origin, text):
        self.origin = origin
        self.text = text
        words = re.findall(r"\w+", text.lower().replace("'", "").replace("\u2019", ""))
        stems = [stem(word) for word in words]
        self.normal = " ".join(words)
        self.content = {s for s in stems if s not in GRAMMAR_STEMS}
        self.subject = self.content - ASKING_STEMS
        self.grams = set()
        for start in range(len(stems) - NGRAM + 1):
            gram = tuple(stems[start : start + NGRAM])
            if len(self.subject.intersection(gram)) >= NGRAM_CONTENT:
                self.grams.add(gram)


def jaccard(one, other):
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0


def likeness(one, other):
    """The greater Jaccard similarity: of all content words, or of those that do not only ask."""
    return max(jaccard(one.content, other.content), jaccard(one.subject, other.subject))


def compare(name, ones, others, problems):
    highest, pair = 0.0, None
    for one in ones:
        for other in others:
            if one.content.isdisjoint(other.content) and one.normal != other.normal:
                continue
            alike = likeness(one, other)
            if alike > highest:
                highest, pair = alike, (one, other)
            reason = None
            if one.normal == other.normal:
                reason = "equal"
            elif alike > JACCARD:
                reason = f"similarity {alike:.2f}"
            elif one.grams & other.grams:
                reason = "shares '" + " ".join(min(one.grams & other.grams)) + "'"
            if reason:
                problems.append(f"{one.origin} and {other.origin}: {reason}: {one.text}")
    closest = f" ({pair[0].origin}, {pair[1].origin})" if pair else ""
    print(f"{name}: {len(ones)} x {len(others)}, highest similarity {highest:.2f}{closest}")


def rows(path, problems):
    raw = path.read_bytes()
    if b"\r" in raw or not raw.endswith(b"\n"):
        problems.append(f"{path.name}: lines must end in a single line feed, the last one too")
    result = []
    for number, line in enumerate(raw.decode("utf-8").splitlines(), 1):
        try:
            result.append(json.loads(line))
        except ValueError as error:
            problems.append(f"{path.name}:{number}: not JSON: {error}")
    return result


def check_text(origin, text, problems):
    if not isinstance(text, str) or text != " ".join(text.split()):
        problems.append(f"{origin}: text must be one line without surplus spaces")
    elif not 8 <= len(text) <= 250:
        problems.append(f"{origin}: {len(text)} characters; 8 to 250 are expected")


def check_request(file, row, problems):
    origin = row.get("id", f"{file}: a row without id")
    label = row.get("label") if file in ("dev", "test") else file.split("-")[0]
    tag, tags = ("topic", TOPICS) if label == "harmful" else ("kind", KINDS)
    forms = HARMFUL_FORMS if label == "harmful" else BENIGN_FORMS
    fields = ["id", "request"] + (["label"] if file in ("dev", "test") else []) + ["form", tag]
    if label not in ("harmful", "benign") or list(row) != fields:
        problems.append(f"{origin}: fields {list(row)}; {fields} are expected")
        return label
    if row["form"] not in forms or row[tag] not in tags:
        problems.append(f"{origin}: form {row['form']}, {tag} {row[tag]}: not among the known")
    if not re.fullmatch(re.escape(file.removesuffix("-train")) + r"-\d{3,}", row["id"]):
        problems.append(f"{origin}: not an id of {file}.jsonl")
    check_text(origin, row["request"], problems)
    return label


def check_refusals(refusals, problems):
    covered = set()
    for row in refusals:
        if list(row) != ["id", "refusal", "topics"] or not set(row["topics"]) <= TOPICS:
            problems.append(f"{row}: id, refusal and topics among the known are expected")
            continue
        check_text(row["id"], row["refusal"], problems)
        words = len(row["refusal"].split())
        if not row["refusal"].startswith(OPENINGS) or not 12 <= words <= 25:
            problems.append(f"{row['id']}: {words} words; one of {OPENINGS} and 12 to 25 words")
        covered.update(row["topics"])
    if covered != TOPICS:
        problems.append(f"refusals.jsonl: no refusal for {sorted(TOPICS - covered)}")
    if not 20 <= len(refusals) <= 30:
        problems.append(f"refusals.jsonl: {len(refusals)} rows; 20 to 30 are expected")
    starts = collections.Counter(
        next((o.strip() for o in OPENINGS if row["refusal"].startswith(o)), "?") for row in refusals
    )
    print(f"refusals: {len(refusals)}, openings {dict(starts)}")


def outside_texts(folder):
    for path in sorted(folder.glob("**/*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                for value in json.loads(line).values():
                    if isinstance(value, str) and len(value.split()) >= 3:
                        yield path.name, Text(f"{path.name}:{number}", value)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--against", type=pathlib.Path, metavar="DIR")
    against = arguments.parse_args().against
    problems = []

    texts, counts, ids = {}, collections.Counter(), collections.Counter()
    tags = collections.defaultdict(collections.Counter)
    for file in ("harmful-train", "benign-train", "dev", "test"):
        texts[file] = []
        for row in rows(HERE / f"{file}.jsonl", problems):
            label = check_request(file, row, problems)
            ids[row.get("id")] += 1
            counts[file, label, row.get("form")] += 1
            counts[file, label, None] += 1
            tags[file, label][row.get("topic", row.get("kind"))] += 1
            texts[file].append(Text(row.get("id"), row.get("request", "")))
    refusals = rows(HERE / "refusals.jsonl", problems)
    ids.update(row.get("id") for row in refusals)

    for (file, label), found in tags.items():
        forms = {form: n for (f, l, form), n in counts.items() if (f, l) == (file, label) and form}
        print(f"{file} {label}: {counts[file, label, None]} {forms}")
        print("  " + ", ".join(f"{tag} {n}" for tag, n in found.most_common()))
    check_refusals(refusals, problems)
    problems += [f"{name}: used {n} times" for name, n in ids.items() if n > 1]
    for (file, label, form), (least, most) in COUNTS.items():
        if not least <= counts[file, label, form] <= most:
            found = counts[file, label, form]
            problems.append(f"{file} {label} {form}: {found}; {least} to {most} are expected")

    every = [text for group in texts.values() for text in group]
    for normal, n in collections.Counter(text.normal for text in every).items():
        if n > 1:
            problems.append(f"{n} times: {normal}")
    train = texts["harmful-train"] + texts["benign-train"]
    compare("train, dev", train, texts["dev"], problems)
    compare("train, test", train, texts["test"], problems)
    compare("dev, test", texts["dev"], texts["test"], problems)

    if against:
        outside = collections.defaultdict(list)
        for name, text in outside_texts(against):
            outside[name].append(text)
        if not outside:
            problems.append(f"{against}: no JSON Lines file there")
        for name, others in outside.items():
            compare(f"all, {name}", every, others, problems)

    for problem in problems:
        print("WRONG " + problem)
    print("not in order: " + str(len(problems)) if problems else "in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
