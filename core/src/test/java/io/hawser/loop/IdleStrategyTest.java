// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class IdleStrategyTest {
    @Test
    void shouldBlockAtOnce() {
        assertThat(IdleStrategy.block().mayBlock(5, 5)).isTrue();
        assertThat(IdleStrategy.block().spinNs()).isZero();
    }

    @Test
    void shouldNeverBlock() {
        assertThat(IdleStrategy.spin().mayBlock(0, Long.MAX_VALUE)).isFalse();
        assertThat(IdleStrategy.spin().spinNs()).isEqualTo(IdleStrategy.NEVER_BLOCK);
    }

    @Test
    void shouldBlockAfterSpinningForTheGivenTime() {
        IdleStrategy strategy = IdleStrategy.spinThenBlock(Duration.ofNanos(1_000));
        // Across the overflow of the clock.
        long idleSinceNs = Long.MAX_VALUE - 10;
        assertThat(strategy.mayBlock(idleSinceNs, idleSinceNs)).isFalse();
        assertThat(strategy.mayBlock(idleSinceNs, idleSinceNs + 999)).isFalse();
        assertThat(strategy.mayBlock(idleSinceNs, idleSinceNs + 1_000)).isTrue();
    }

    @Test
    void shouldSpinForAHundredMicrosecondsByDefault() {
        assertThat(IdleStrategy.spinThenBlock().spinNs()).isEqualTo(100_000);
    }

    @Test
    void shouldTakeTheExtremesOfADuration() {
        assertThat(IdleStrategy.spinThenBlock(Duration.ZERO).spinNs()).isZero();
        assertThat(IdleStrategy.spinThenBlock(Duration.ofSeconds(Long.MAX_VALUE))
                        .spinNs())
                .isEqualTo(IdleStrategy.NEVER_BLOCK);
        assertThatIllegalArgumentException().isThrownBy(() -> IdleStrategy.spinThenBlock(Duration.ofNanos(-1)));
    }

    @Test
    void shouldSayWhatItIs() {
        assertThat(IdleStrategy.block()).hasToString("block");
        assertThat(IdleStrategy.spin()).hasToString("spin");
        assertThat(IdleStrategy.spinThenBlock(Duration.ofMillis(2))).hasToString("spin PT0.002S then block");
    }
}
