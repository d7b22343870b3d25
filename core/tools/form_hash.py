"""The hash of core/form.h, by which the words of the generated tables are looked up."""

MULTIPLIERS = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
MASK = (1 << 64) - 1


def form_hash(word):
    value = 0
    for at in range(0, len(word), 16):
        low, high = (int.from_bytes(word[i:i + 8], "little") for i in (at, at + 8))
        value = ((value ^ low) * MULTIPLIERS[0] + high * MULTIPLIERS[1]) & MASK
        value ^= value >> 32
    return value
