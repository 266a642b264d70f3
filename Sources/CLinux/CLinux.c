// A C target needs one source; everything is inline in the header.
#include "CLinux.h"
