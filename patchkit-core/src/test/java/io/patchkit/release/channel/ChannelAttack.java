package io.patchkit.release.channel;

import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;

/**
 * One hostile input to a client that has followed a channel so far: the channel is at version 4 of
 * targets, snapshot and timestamp; the client saw 3.
 *
 * @param number its family: 33 to 36 and 38 versions, 37 keys, 39 endless data, 40 patches
 * @param what the thing
 * @param code the refusal
 * @param attack makes it wrong
 */
record ChannelAttack(int number, String what, Code code, Attack attack) {

  /** Makes one thing wrong. */
  interface Attack {
    void on(ChannelLab lab) throws IOException;
  }

  static ChannelAttack row(int number, String what, Code code, Attack attack) {
    return new ChannelAttack(number, what, code, attack);
  }

  @Override
  public String toString() {
    return number + " " + what + " → " + code;
  }
}
