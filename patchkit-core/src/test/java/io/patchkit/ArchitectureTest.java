package io.patchkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.members;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

/** The dependency table of docs/architecture.md, for core. */
@AnalyzeClasses(packages = "io.patchkit", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String[] ENGINES = {"ai.onnxruntime..", "ai.djl..", "com.google.protobuf.."};

  @ArchTest
  static final ArchRule coreKnowsNoEngine =
      noClasses().should().dependOnClassesThat().resideInAnyPackage(ENGINES);

  @ArchTest
  static final ArchRule formatKnowsOnlyBytesAndPlainValues =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.format")
          .should()
          .dependOnClassesThat(
              DescribedPredicate.describe(
                  "are of Patchkit, outside format",
                  (JavaClass type) ->
                      type.getPackageName().startsWith("io.patchkit")
                          && !type.getPackageName().equals("io.patchkit.format")));

  @ArchTest
  static final ArchRule theVocabularyKnowsNothingBuiltOnIt =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.patchkit.train..",
              "io.patchkit.evaluate..",
              "io.patchkit.trust..",
              "io.patchkit.release..");

  @ArchTest
  static final ArchRule trainingKnowsNoReleaseAndNoReports =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.train..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.patchkit.evaluate..", "io.patchkit.trust..", "io.patchkit.release..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule trustKnowsNoNetworkAndNoRelease =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.trust..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.net..",
              "io.patchkit.train..",
              "io.patchkit.evaluate..",
              "io.patchkit.release..");

  @ArchTest
  static final ArchRule evaluationKnowsNoTrainingAndNoRelease =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.evaluate..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.patchkit.train..", "io.patchkit.trust..", "io.patchkit.release..");

  @ArchTest
  static final ArchRule releaseKnowsNoTrainingAndNoEvaluation =
      noClasses()
          .that()
          .resideInAPackage("io.patchkit.release..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.patchkit.train..", "io.patchkit.evaluate..");

  @ArchTest
  static final ArchRule onlyTheExtensionKnowsJUnit =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.patchkit.evaluate.junit")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.junit..");

  @ArchTest
  static final ArchRule jacksonStaysInside =
      members()
          .that()
          .arePublic()
          .or()
          .areProtected()
          .should(
              new ArchCondition<JavaMember>("have no type of Jackson in their signature") {
                @Override
                public void check(JavaMember member, ConditionEvents events) {
                  for (JavaClass type : member.getAllInvolvedRawTypes()) {
                    if (type.getPackageName().startsWith("com.fasterxml")) {
                      events.add(
                          SimpleConditionEvent.violated(
                              member, member.getFullName() + " has " + type.getName()));
                    }
                  }
                }
              });

  @ArchTest
  static final ArchRule noCycles = slices().matching("io.patchkit.(**)").should().beFreeOfCycles();
}
