package io.patchkit.onnx;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.members;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.patchkit.onnx.gguf.GgufImport;
import io.patchkit.onnx.judge.OnnxJudge;

/** The dependency table of docs/architecture.md, for the ONNX backend. */
@AnalyzeClasses(packages = "io.patchkit.onnx", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("io.patchkit.onnx.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule graphsAndTextKnowNoRuntime =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.patchkit.onnx.graph..", "io.patchkit.onnx.text..", "io.patchkit.onnx.gguf..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.onnxruntime..", "io.patchkit.onnx.decode..");

  @ArchTest
  static final ArchRule startingKnowsOnlyTheRuntime =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.onnx.runtime..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.patchkit.train..",
              "io.patchkit.onnx",
              "io.patchkit.onnx.decode..",
              "io.patchkit.onnx.gradient..",
              "io.patchkit.onnx.judge..");

  @ArchTest
  static final ArchRule runningKnowsNoTraining =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.onnx.decode..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.patchkit.train..", "io.patchkit.onnx.gradient..");

  @ArchTest
  static final ArchRule judgesKnowNoDecodingAndNoTraining =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.onnx.judge..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.patchkit.train..", "io.patchkit.onnx.decode..", "io.patchkit.onnx.gradient..");

  @ArchTest
  static final ArchRule applicationsMeetNoEngineType =
      members()
          .that()
          .areDeclaredInClassesThat(
              JavaClass.Predicates.resideInAPackage("io.patchkit.onnx")
                  .or(JavaClass.Predicates.belongToAnyOf(OnnxJudge.class, GgufImport.class)))
          .and(arePublicOrProtected())
          .should(
              new ArchCondition<JavaMember>("have no type of an engine in their signature") {
                @Override
                public void check(JavaMember member, ConditionEvents events) {
                  for (JavaClass type : member.getAllInvolvedRawTypes()) {
                    if (isOfEngine(type)) {
                      events.add(
                          SimpleConditionEvent.violated(
                              member, member.getFullName() + " has " + type.getName()));
                    }
                  }
                }
              });

  private static DescribedPredicate<JavaMember> arePublicOrProtected() {
    return DescribedPredicate.describe(
        "are public or protected",
        member ->
            member.getModifiers().contains(JavaModifier.PUBLIC)
                || member.getModifiers().contains(JavaModifier.PROTECTED));
  }

  private static boolean isOfEngine(JavaClass type) {
    String name = type.getPackageName();
    return name.startsWith("ai.onnxruntime")
        || name.startsWith("ai.djl")
        || name.startsWith("com.google.protobuf")
        || name.startsWith("ai.onnx.");
  }
}
