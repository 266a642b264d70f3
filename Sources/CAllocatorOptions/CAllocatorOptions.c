#include "CAllocatorOptions.h"

// Pages that a growing table leaves go back to the system within half a second rather than ten: at two million keys
// that is about five bytes a key.
const char *malloc_conf = "dirty_decay_ms:500,muzzy_decay_ms:0";
