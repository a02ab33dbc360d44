package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RefusalDataTest {

  private final RefusalData data = RefusalData.shipped();

  @Test
  void everyHarmfulRequestHasARefusalAndAllOpenWithTheSameWord() throws IOException {
    List<RefusalData.Request> requests = data.harmfulTraining();
    for (int i = 0; i < requests.size(); i++) {
      assertThat(data.refusal(requests.get(i), i)).matches("I('m| can't) .+");
    }
  }

  @Test
  void whoMayBeInDangerIsPointedToAPerson() throws IOException {
    int seen = 0;
    List<RefusalData.Request> requests = data.harmfulTraining();
    for (int i = 0; i < requests.size(); i++) {
      if (requests.get(i).topic().equals("self-harm")) {
        assertThat(data.refusal(requests.get(i), i))
            .containsPattern("crisis line|someone you trust");
        seen++;
      }
    }
    assertThat(seen).isGreaterThan(100);
  }
}
