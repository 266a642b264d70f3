// SHA-1 (FIPS 180-4), by which scripts are called.
#include "CScript.h"
#include <string.h>

static uint32_t rotate(uint32_t word, int count) { return word << count | word >> (32 - count); }

static void mix(uint32_t state[5], const uint8_t block[64]) {
  uint32_t words[80];
  for (int index = 0; index < 16; index++) {
    const uint8_t *bytes = block + index * 4;
    words[index] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
  }
  for (int index = 16; index < 80; index++) {
    words[index] = rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1);
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int index = 0; index < 80; index++) {
    uint32_t f, k;
    if (index < 20) {
      f = (b & c) | (~b & d);
      k = 0x5A827999;
    } else if (index < 40) {
      f = b ^ c ^ d;
      k = 0x6ED9EBA1;
    } else if (index < 60) {
      f = (b & c) | (b & d) | (c & d);
      k = 0x8F1BBCDC;
    } else {
      f = b ^ c ^ d;
      k = 0xCA62C1D6;
    }
    uint32_t next = rotate(a, 5) + f + e + k + words[index];
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

void cscript_sha1_hex(const void *bytes, size_t count, char *digits) {
  uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const uint8_t *input = bytes;
  size_t left = count;
  for (; left >= 64; left -= 64, input += 64) mix(state, input);
  uint8_t last[128] = {0};
  if (left) memcpy(last, input, left);
  last[left] = 0x80;
  size_t length = left < 56 ? 64 : 128;
  uint64_t bits = (uint64_t)count * 8;
  for (int index = 0; index < 8; index++) last[length - 1 - index] = (uint8_t)(bits >> (index * 8));
  mix(state, last);
  if (length == 128) mix(state, last + 64);
  for (int index = 0; index < 40; index++) {
    digits[index] = "0123456789abcdef"[state[index / 8] >> (28 - index % 8 * 4) & 15];
  }
}
