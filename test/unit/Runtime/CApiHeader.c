/* The header of the C API is C. */

#include "raddle-c/Runtime.h"

int raddleTestHeaderIsC(void);

int raddleTestHeaderIsC(void) { return RADDLE_C_API_VERSION; }
