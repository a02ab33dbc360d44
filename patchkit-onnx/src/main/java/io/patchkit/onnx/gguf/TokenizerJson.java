package io.patchkit.onnx.gguf;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/**
 * Writes {@code tokenizer.json} of the Hugging Face tokenizers library: a byte-pair encoding with
 * everything around it that the checkpoint's tokenizer implies.
 */
final class TokenizerJson {

  private final JsonGenerator json;
  private final Vocabulary vocabulary;
  private final SpecialTokens special;

  private TokenizerJson(JsonGenerator json, Vocabulary vocabulary, SpecialTokens special) {
    this.json = json;
    this.vocabulary = vocabulary;
    this.special = special;
  }

  static void write(OutputStream out, TokenizerModel model) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      new TokenizerJson(json, model.vocabulary(), model.special()).write(model);
    }
  }

  private void write(TokenizerModel model) throws IOException {
    json.writeStartObject();
    json.writeStringField("version", "1.0");
    json.writeNullField("truncation");
    json.writeNullField("padding");
    addedTokens();
    if (model instanceof TokenizerModel.ByteLevel byteLevel) {
      json.writeNullField("normalizer");
      byteLevelSplitter(byteLevel.preTokenizer());
      postProcessor();
      json.writeFieldName("decoder");
      byteLevel();
      model(byteLevel.merges(), byteLevel.preTokenizer().wholeTokens(), false);
    } else if (model instanceof TokenizerModel.SentencePiece sentencePiece) {
      sentencePieceNormalizer(sentencePiece.prependsSpace());
      json.writeNullField("pre_tokenizer");
      postProcessor();
      sentencePieceDecoder(sentencePiece.prependsSpace());
      model(sentencePiece.merges(), false, true);
    }
    json.writeEndObject();
  }

  private void addedTokens() throws IOException {
    json.writeArrayFieldStart("added_tokens");
    for (int id = 0; id < vocabulary.size(); id++) {
      Vocabulary.Kind kind = vocabulary.kinds().get(id);
      if (kind.isAdded()) {
        json.writeStartObject();
        json.writeNumberField("id", id);
        json.writeStringField("content", vocabulary.tokens().get(id));
        for (String option : List.of("single_word", "lstrip", "rstrip", "normalized")) {
          json.writeBooleanField(option, false);
        }
        json.writeBooleanField("special", kind.isSpecial());
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private void byteLevelSplitter(PreTokenizer preTokenizer) throws IOException {
    json.writeObjectFieldStart("pre_tokenizer");
    json.writeStringField("type", "Sequence");
    json.writeArrayFieldStart("pretokenizers");
    for (String pattern : preTokenizer.patterns()) {
      json.writeStartObject();
      json.writeStringField("type", "Split");
      json.writeObjectFieldStart("pattern");
      json.writeStringField("Regex", pattern);
      json.writeEndObject();
      json.writeStringField("behavior", "Isolated");
      json.writeBooleanField("invert", false);
      json.writeEndObject();
    }
    byteLevel();
    json.writeEndArray();
    json.writeEndObject();
  }

  private void byteLevel() throws IOException {
    json.writeStartObject();
    json.writeStringField("type", "ByteLevel");
    json.writeBooleanField("add_prefix_space", false);
    json.writeBooleanField("trim_offsets", true);
    json.writeBooleanField("use_regex", false);
    json.writeEndObject();
  }

  /** Spaces are ordinary characters of SentencePiece, written U+2581. */
  private void sentencePieceNormalizer(boolean prependsSpace) throws IOException {
    json.writeObjectFieldStart("normalizer");
    json.writeStringField("type", "Sequence");
    json.writeArrayFieldStart("normalizers");
    if (prependsSpace) {
      json.writeStartObject();
      json.writeStringField("type", "Prepend");
      json.writeStringField("prepend", TokenizerModel.SPACE);
      json.writeEndObject();
    }
    replace(" ", TokenizerModel.SPACE);
    json.writeEndArray();
    json.writeEndObject();
  }

  private void sentencePieceDecoder(boolean prependsSpace) throws IOException {
    json.writeObjectFieldStart("decoder");
    json.writeStringField("type", "Sequence");
    json.writeArrayFieldStart("decoders");
    replace(TokenizerModel.SPACE, " ");
    for (String type : List.of("ByteFallback", "Fuse")) {
      json.writeStartObject();
      json.writeStringField("type", type);
      json.writeEndObject();
    }
    if (prependsSpace) {
      json.writeStartObject();
      json.writeStringField("type", "Strip");
      json.writeStringField("content", " ");
      json.writeNumberField("start", 1);
      json.writeNumberField("stop", 0);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void replace(String from, String to) throws IOException {
    json.writeStartObject();
    json.writeStringField("type", "Replace");
    json.writeObjectFieldStart("pattern");
    json.writeStringField("String", from);
    json.writeEndObject();
    json.writeStringField("content", to);
    json.writeEndObject();
  }

  private void postProcessor() throws IOException {
    Integer bos = special.bos();
    if (!special.prependsBos() || bos == null) {
      json.writeNullField("post_processor");
      return;
    }
    String text = vocabulary.tokens().get(bos);
    json.writeObjectFieldStart("post_processor");
    json.writeStringField("type", "TemplateProcessing");
    json.writeArrayFieldStart("single");
    templatePiece("SpecialToken", text, 0);
    templatePiece("Sequence", "A", 0);
    json.writeEndArray();
    json.writeArrayFieldStart("pair");
    templatePiece("SpecialToken", text, 0);
    templatePiece("Sequence", "A", 0);
    templatePiece("SpecialToken", text, 1);
    templatePiece("Sequence", "B", 1);
    json.writeEndArray();
    json.writeObjectFieldStart("special_tokens");
    json.writeObjectFieldStart(text);
    json.writeStringField("id", text);
    json.writeArrayFieldStart("ids");
    json.writeNumber(bos.intValue());
    json.writeEndArray();
    json.writeArrayFieldStart("tokens");
    json.writeString(text);
    json.writeEndArray();
    json.writeEndObject();
    json.writeEndObject();
    json.writeEndObject();
  }

  private void templatePiece(String kind, String id, int type) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart(kind);
    json.writeStringField("id", id);
    json.writeNumberField("type_id", type);
    json.writeEndObject();
    json.writeEndObject();
  }

  private void model(List<String> merges, boolean ignoreMerges, boolean byteFallback)
      throws IOException {
    json.writeObjectFieldStart("model");
    json.writeStringField("type", "BPE");
    json.writeNullField("dropout");
    Integer unknown = special.unknown();
    if (byteFallback && unknown != null) {
      json.writeStringField("unk_token", vocabulary.tokens().get(unknown));
    } else {
      json.writeNullField("unk_token");
    }
    json.writeNullField("continuing_subword_prefix");
    json.writeNullField("end_of_word_suffix");
    json.writeBooleanField("fuse_unk", byteFallback);
    json.writeBooleanField("byte_fallback", byteFallback);
    json.writeBooleanField("ignore_merges", ignoreMerges);
    json.writeObjectFieldStart("vocab");
    for (int id = 0; id < vocabulary.size(); id++) {
      json.writeNumberField(vocabulary.tokens().get(id), id);
    }
    json.writeEndObject();
    json.writeArrayFieldStart("merges");
    for (String merge : merges) {
      int space = merge.indexOf(' ', 1);
      json.writeStartArray();
      json.writeString(merge.substring(0, space));
      json.writeString(merge.substring(space + 1));
      json.writeEndArray();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
