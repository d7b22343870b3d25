#ifndef CORE_LANES_H
#define CORE_LANES_H

/** So many floats are added and multiplied side by side. Each does what it would do alone, so that
 * sums are the same on every machine. */
enum { LANES = 8 };

/** The least multiple of LANES that is not less than `count`. */
#define LANES_ROUND_UP(count) (((count) + LANES - 1) / LANES * LANES)

#endif
