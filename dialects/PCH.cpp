#include "dialects/PCH.h"
