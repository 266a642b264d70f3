// struct: numbers and strings to and from bytes of a fixed layout.
#include "Internal.h"
#include <ctype.h>
#include <string.h>

typedef struct {
  lua_State *state;
  const char *function;
  const char *format;
  bool is_little;
  size_t alignment;
} layout;

// With the functions' names, which the interpreter does not know of what is called last.

static void bad_argument(lua_State *state, const char *function, int argument, const char *problem) {
  luaL_error(state, "bad argument #%d to '%s' (%s)", argument, function, problem);
}

static void wrong_type(lua_State *state, const char *function, int argument, const char *expected) {
  const char *actual = lua_isnone(state, argument) ? "no value" : luaL_typename(state, argument);
  bad_argument(state, function, argument, lua_pushfstring(state, "%s expected, got %s", expected, actual));
}

static double number_argument(lua_State *state, const char *function, int argument) {
  if (!lua_isnumber(state, argument)) wrong_type(state, function, argument, "number");
  return lua_tonumber(state, argument);
}

static const char *text_argument(lua_State *state, const char *function, int argument, size_t *count) {
  const char *text = lua_tolstring(state, argument, count);
  if (!text) wrong_type(state, function, argument, "string");
  return text;
}

enum { integer_bytes_max = 32, native_alignment = 8 };

/// The number at the format's place, or `otherwise`.
static size_t count_of(layout *layout, size_t otherwise) {
  if (!isdigit((unsigned char)*layout->format)) return otherwise;
  size_t number = 0;
  while (isdigit((unsigned char)*layout->format)) {
    if (number > (INT32_MAX - 9) / 10) {
      luaL_error(layout->state, "integral size overflow");
    }
    number = number * 10 + (size_t)(*layout->format++ - '0');
  }
  return number;
}

/// The size of a format's letter, behind which the format moves.
static size_t size_of(layout *layout, char option) {
  switch (option) {
    case 'b':
    case 'B':
    case 'x': return 1;
    case 'h':
    case 'H': return 2;
    case 'l':
    case 'L':
    case 'T':
    case 'd': return 8;
    case 'f': return 4;
    case 'c': return count_of(layout, 1);
    case 'i':
    case 'I': {
      size_t size = count_of(layout, 4);
      if (size > integer_bytes_max) {
        luaL_error(
            layout->state, "integral size %d is larger than limit of %d", (int)size,
            integer_bytes_max);
      }
      return size;
    }
    default: return 0;
  }
}

/// How many bytes bring `offset` to the option's alignment.
static size_t padding(const layout *layout, size_t size, char option, size_t offset) {
  if (size == 0 || option == 'c') return 0;
  if (size > layout->alignment) size = layout->alignment;
  if (size <= 1) return 0;
  return (size - (offset & (size - 1))) & (size - 1);
}

/// Takes options that are about the layout; false for those that stand for data.
static bool takes_control(layout *layout, char option) {
  switch (option) {
    case ' ': return true;
    case '>': layout->is_little = false; return true;
    case '<': layout->is_little = true; return true;
    case '!': {
      size_t alignment = count_of(layout, native_alignment);
      if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        luaL_error(layout->state, "alignment is not a power of 2");
      }
      layout->alignment = alignment;
      return true;
    }
    default: return false;
  }
}

static layout begin_layout(lua_State *state, const char *function) {
  return (layout){state, function, text_argument(state, function, 1, NULL), true, 1};
}

static void invalid_option(const layout *layout, char option) {
  bad_argument(
      layout->state, layout->function, 1,
      lua_pushfstring(layout->state, "invalid format option '%c'", option));
}

static void put_bytes(luaL_Buffer *output, const uint8_t *bytes, size_t size, bool is_little) {
  for (size_t index = 0; index < size; index++) {
    luaL_addchar(output, (char)bytes[is_little ? index : size - 1 - index]);
  }
}

static int struct_pack(lua_State *state) {
  layout layout = begin_layout(state, "pack");
  luaL_Buffer output;
  int argument = 2;
  size_t total = 0;
  lua_pushnil(state);
  luaL_buffinit(state, &output);
  while (*layout.format) {
    char option = *layout.format++;
    size_t size = size_of(&layout, option);
    size_t fill = padding(&layout, size, option, total);
    total += fill;
    while (fill-- > 0) luaL_addchar(&output, 0);
    switch (option) {
      case 'b': case 'B': case 'h': case 'H': case 'l': case 'L': case 'T': case 'i': case 'I': {
        double number = number_argument(state, "pack", argument++);
        uint64_t value = number < 0 ? (uint64_t)(int64_t)number : (uint64_t)number;
        uint8_t bytes[integer_bytes_max];
        for (size_t index = 0; index < size; index++) {
          bytes[index] = index < 8 ? (uint8_t)(value >> (index * 8)) : number < 0 ? 0xFF : 0;
        }
        put_bytes(&output, bytes, size, layout.is_little);
        break;
      }
      case 'x': luaL_addchar(&output, 0); break;
      case 'f': {
        float number = (float)number_argument(state, "pack", argument++);
        uint8_t bytes[4];
        memcpy(bytes, &number, 4);
        put_bytes(&output, bytes, 4, layout.is_little);
        break;
      }
      case 'd': {
        double number = number_argument(state, "pack", argument++);
        uint8_t bytes[8];
        memcpy(bytes, &number, 8);
        put_bytes(&output, bytes, 8, layout.is_little);
        break;
      }
      case 'c':
      case 's': {
        size_t count;
        const char *text = text_argument(state, "pack", argument++, &count);
        if (option == 's' || size == 0) size = count;
        // The number is Redis' one too.
        if (count < size) bad_argument(state, "pack", argument, "string too short");
        luaL_addlstring(&output, text, size);
        if (option == 's') {
          luaL_addchar(&output, 0);
          size++;
        }
        break;
      }
      default:
        if (!takes_control(&layout, option)) invalid_option(&layout, option);
    }
    total += size;
  }
  luaL_pushresult(&output);
  return 1;
}

static double read_integer(const uint8_t *bytes, size_t size, bool is_little, bool is_signed) {
  uint64_t value = 0;
  for (size_t index = 0; index < size && index < 8; index++) {
    value |= (uint64_t)bytes[is_little ? index : size - 1 - index] << (index * 8);
  }
  if (!is_signed) return (double)value;
  if (size < 8 && size > 0 && value >> (size * 8 - 1)) value |= ~(uint64_t)0 << (size * 8);
  return (double)(int64_t)value;
}

static int struct_unpack(lua_State *state) {
  layout layout = begin_layout(state, "unpack");
  size_t count;
  const char *data = text_argument(state, "unpack", 2, &count);
  lua_Integer start = luaL_optinteger(state, 3, 1);
  luaL_argcheck(state, start > 0, 3, "offset must be 1 or greater");
  size_t position = (size_t)start - 1;
  int values = 0;
  lua_settop(state, 2);
  while (*layout.format) {
    char option = *layout.format++;
    size_t size = size_of(&layout, option);
    position += padding(&layout, size, option, position);
    luaL_argcheck(state, size <= count && position <= count - size, 2, "data string too short");
    luaL_checkstack(state, 2, "too many results");
    const uint8_t *bytes = (const uint8_t *)data + position;
    switch (option) {
      case 'b': case 'B': case 'h': case 'H': case 'l': case 'L': case 'T': case 'i': case 'I':
        lua_pushnumber(
            state, read_integer(bytes, size, layout.is_little, islower((unsigned char)option)));
        values++;
        break;
      case 'x': break;
      case 'f':
      case 'd': {
        uint8_t ordered[8];
        for (size_t index = 0; index < size; index++) {
          ordered[index] = bytes[layout.is_little ? index : size - 1 - index];
        }
        double number;
        if (option == 'f') {
          float small;
          memcpy(&small, ordered, 4);
          number = small;
        } else {
          memcpy(&number, ordered, 8);
        }
        lua_pushnumber(state, number);
        values++;
        break;
      }
      case 'c':
        if (size == 0) {
          if (values == 0 || !lua_isnumber(state, -1)) {
            luaL_error(state, "format 'c0' needs a previous size");
          }
          double wanted = lua_tonumber(state, -1);
          lua_pop(state, 1);
          values--;
          luaL_argcheck(
              state, wanted >= 0 && wanted <= (double)(count - position), 2, "data string too short");
          size = (size_t)wanted;
        }
        lua_pushlstring(state, (const char *)bytes, size);
        values++;
        break;
      case 's': {
        const void *end = memchr(bytes, 0, count - position);
        if (!end) luaL_error(state, "unfinished string in data");
        size = (size_t)((const uint8_t *)end - bytes) + 1;
        lua_pushlstring(state, (const char *)bytes, size - 1);
        values++;
        break;
      }
      default:
        if (!takes_control(&layout, option)) invalid_option(&layout, option);
    }
    position += size;
  }
  lua_pushinteger(state, (lua_Integer)position + 1);
  return values + 1;
}

static int struct_size(lua_State *state) {
  layout layout = begin_layout(state, "size");
  size_t position = 0;
  while (*layout.format) {
    char option = *layout.format++;
    size_t size = size_of(&layout, option);
    position += padding(&layout, size, option, position);
    if (option == 's') bad_argument(state, "size", 1, "option 's' has no fixed size");
    if (option == 'c' && size == 0) bad_argument(state, "size", 1, "option 'c0' has no fixed size");
    // Letters that mean nothing are passed over.
    if (!isalnum((unsigned char)option) && !takes_control(&layout, option)) invalid_option(&layout, option);
    if (size > (size_t)INT32_MAX - position) luaL_error(state, "integral size overflow");
    position += size;
  }
  lua_pushinteger(state, (lua_Integer)position);
  return 1;
}

void open_struct(lua_State *state) {
  static const luaL_Reg functions[] = {
      {"pack", struct_pack}, {"unpack", struct_unpack}, {"size", struct_size}, {NULL, NULL}};
  lua_newtable(state);
  luaL_register(state, NULL, functions);
}
