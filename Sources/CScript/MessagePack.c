// cmsgpack: MessagePack to and from values of Lua.
#include "Internal.h"
#include <math.h>
#include <string.h>

/// Tables nested deeper become nil.
enum { nesting_max = 16 };

// MARK: Packing

static void put(buffer *output, uint8_t type, uint64_t value, int byte_count) {
  buffer_byte(output, (char)type);
  for (int shift = (byte_count - 1) * 8; shift >= 0; shift -= 8) {
    buffer_byte(output, (char)(value >> shift));
  }
}

static void pack_integer(buffer *output, int64_t number) {
  uint64_t bits = (uint64_t)number;
  if (number >= 0) {
    if (number <= 127) buffer_byte(output, (char)number);
    else if (number <= 0xFF) put(output, 0xCC, bits, 1);
    else if (number <= 0xFFFF) put(output, 0xCD, bits, 2);
    else if (number <= 0xFFFFFFFFLL) put(output, 0xCE, bits, 4);
    else put(output, 0xCF, bits, 8);
  } else if (number >= -32) {
    buffer_byte(output, (char)number);
  } else if (number >= -128) {
    put(output, 0xD0, bits, 1);
  } else if (number >= -32768) {
    put(output, 0xD1, bits, 2);
  } else if (number >= -2147483648LL) {
    put(output, 0xD2, bits, 4);
  } else {
    put(output, 0xD3, bits, 8);
  }
}

static void pack_double(buffer *output, double number) {
  float small = (float)number;
  if ((double)small == number) {
    uint32_t bits;
    memcpy(&bits, &small, 4);
    put(output, 0xCA, bits, 4);
  } else {
    uint64_t bits;
    memcpy(&bits, &number, 8);
    put(output, 0xCB, bits, 8);
  }
}

static void pack_text(buffer *output, const char *text, size_t count) {
  if (count < 32) buffer_byte(output, (char)(0xA0 | count));
  else if (count <= 0xFF) put(output, 0xD9, count, 1);
  else if (count <= 0xFFFF) put(output, 0xDA, count, 2);
  else put(output, 0xDB, count, 4);
  buffer_append(output, text, count);
}

static void pack_count(buffer *output, size_t count, uint8_t small, uint8_t large) {
  if (count < 16) buffer_byte(output, (char)(small | count));
  else if (count <= 0xFFFF) put(output, large, count, 2);
  else put(output, (uint8_t)(large + 1), count, 4);
}

/// Whether the table at the top has the keys 1 to n only; how many keys it has.
static bool is_array(lua_State *state, size_t *count) {
  size_t items = 0;
  double largest = 0;
  bool result = true;
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    items++;
    lua_pop(state, 1);
    if (lua_type(state, -1) == LUA_TNUMBER) {
      double key = lua_tonumber(state, -1);
      if (key > 0 && floor(key) == key) {
        if (key > largest) largest = key;
        continue;
      }
    }
    result = false;
  }
  *count = items;
  return result && largest == (double)items;
}

static void pack_value(lua_State *state, buffer *output, int depth) {
  if (output->count > encoded_bytes_max) {
    look_soon(script_of(state));
    luaL_error(state, "not enough memory");
  }
  if (is_overdue(script_of(state))) luaL_error(state, "value takes too long to pack");
  luaL_checkstack(state, 5, "in function cmsgpack.pack");
  switch (lua_type(state, -1)) {
    case LUA_TSTRING: {
      size_t count;
      const char *text = lua_tolstring(state, -1, &count);
      pack_text(output, text, count);
      break;
    }
    case LUA_TBOOLEAN: buffer_byte(output, (char)(lua_toboolean(state, -1) ? 0xC3 : 0xC2)); break;
    case LUA_TNUMBER: {
      double number = lua_tonumber(state, -1);
      if (floor(number) == number && number >= -9223372036854775808.0
          && number < 9223372036854775808.0) {
        pack_integer(output, (int64_t)number);
      } else {
        pack_double(output, number);
      }
      break;
    }
    case LUA_TTABLE: {
      if (depth == nesting_max) {
        buffer_byte(output, (char)0xC0);
        break;
      }
      size_t count;
      if (is_array(state, &count)) {
        pack_count(output, count, 0x90, 0xDC);
        for (size_t index = 1; index <= count; index++) {
          lua_rawgeti(state, -1, (int)index);
          pack_value(state, output, depth + 1);
        }
      } else {
        pack_count(output, count, 0x80, 0xDE);
        lua_pushnil(state);
        while (lua_next(state, -2)) {
          lua_pushvalue(state, -2);
          pack_value(state, output, depth + 1);
          pack_value(state, output, depth + 1);
        }
      }
      break;
    }
    default: buffer_byte(output, (char)0xC0); break;
  }
  lua_pop(state, 1);
}

static int msgpack_pack(lua_State *state) {
  int count = lua_gettop(state);
  if (count == 0) return luaL_argerror(state, 0, "MessagePack pack needs input.");
  cscript *script = script_of(state);
  buffer *output = &script->scratch;
  output->count = 0;
  begin_conversion(script);
  luaL_checkstack(state, 1, "Too many arguments for MessagePack pack.");
  for (int index = 1; index <= count; index++) {
    lua_pushvalue(state, index);
    pack_value(state, output, 0);
  }
  if (output->count > long_text_bytes) look_soon(script);
  lua_pushlstring(state, output->bytes, output->count);
  return 1;
}

// MARK: Unpacking

typedef struct {
  lua_State *state;
  const uint8_t *bytes;
  size_t count, position;
} reader;

static void need(const reader *reader, size_t count) {
  if (reader->count - reader->position < count) luaL_error(reader->state, "Missing bytes in input.");
}

static uint64_t take(reader *reader, int byte_count) {
  need(reader, (size_t)byte_count);
  uint64_t value = 0;
  for (int index = 0; index < byte_count; index++) value = value << 8 | reader->bytes[reader->position++];
  return value;
}

static void unpack_value(reader *reader, int depth);

static void unpack_text(reader *reader, size_t count) {
  need(reader, count);
  lua_pushlstring(reader->state, (const char *)reader->bytes + reader->position, count);
  reader->position += count;
}

static void unpack_array(reader *reader, size_t count, int depth) {
  lua_newtable(reader->state);
  for (size_t index = 1; index <= count; index++) {
    unpack_value(reader, depth + 1);
    lua_rawseti(reader->state, -2, (int)index);
  }
}

static void unpack_map(reader *reader, size_t count, int depth) {
  lua_newtable(reader->state);
  for (size_t index = 0; index < count; index++) {
    unpack_value(reader, depth + 1);
    unpack_value(reader, depth + 1);
    if (lua_isnil(reader->state, -2)
        || (lua_type(reader->state, -2) == LUA_TNUMBER
            && isnan(lua_tonumber(reader->state, -2)))) {
      luaL_error(reader->state, "Bad data format in input.");
    }
    lua_rawset(reader->state, -3);
  }
}

/// How deep input may nest.
enum { input_nesting_max = 2000 };

static void unpack_value(reader *reader, int depth) {
  lua_State *state = reader->state;
  if (depth > input_nesting_max) luaL_error(state, "Bad data format in input.");
  luaL_checkstack(state, 5, "too many return values at once; use unpack_one or unpack_limit instead.");
  uint8_t type = (uint8_t)take(reader, 1);
  if (type < 0x80) return lua_pushnumber(state, type);
  if (type >= 0xE0) return lua_pushnumber(state, (int8_t)type);
  if (type >= 0xA0 && type < 0xC0) return unpack_text(reader, type & 31);
  if (type >= 0x90 && type < 0xA0) return unpack_array(reader, type & 15, depth);
  if (type < 0x90) return unpack_map(reader, type & 15, depth);
  switch (type) {
    case 0xC0: return lua_pushnil(state);
    case 0xC2: return lua_pushboolean(state, 0);
    case 0xC3: return lua_pushboolean(state, 1);
    case 0xCC: return lua_pushnumber(state, (double)take(reader, 1));
    case 0xCD: return lua_pushnumber(state, (double)take(reader, 2));
    case 0xCE: return lua_pushnumber(state, (double)take(reader, 4));
    case 0xCF: return lua_pushnumber(state, (double)take(reader, 8));
    case 0xD0: return lua_pushnumber(state, (int8_t)take(reader, 1));
    case 0xD1: return lua_pushnumber(state, (int16_t)take(reader, 2));
    case 0xD2: return lua_pushnumber(state, (int32_t)take(reader, 4));
    case 0xD3: return lua_pushnumber(state, (double)(int64_t)take(reader, 8));
    case 0xCA: {
      uint32_t bits = (uint32_t)take(reader, 4);
      float number;
      memcpy(&number, &bits, 4);
      return lua_pushnumber(state, number);
    }
    case 0xCB: {
      uint64_t bits = take(reader, 8);
      double number;
      memcpy(&number, &bits, 8);
      return lua_pushnumber(state, number);
    }
    case 0xC4:
    case 0xD9: return unpack_text(reader, take(reader, 1));
    case 0xC5:
    case 0xDA: return unpack_text(reader, take(reader, 2));
    case 0xC6:
    case 0xDB: return unpack_text(reader, take(reader, 4));
    case 0xDC: return unpack_array(reader, take(reader, 2), depth);
    case 0xDD: return unpack_array(reader, take(reader, 4), depth);
    case 0xDE: return unpack_map(reader, take(reader, 2), depth);
    case 0xDF: return unpack_map(reader, take(reader, 4), depth);
    default: luaL_error(state, "Bad data format in input.");
  }
}

/// Unpacks up to `limit` values (0: all) from `offset` on; with where it stopped in front, where the caller set a
/// limit: -1 at the end.
static int unpack(lua_State *state, int limit, lua_Number offset, bool shows_position) {
  size_t count;
  const char *bytes = luaL_checklstring(state, 1, &count);
  if (offset < 0 || limit < 0) {
    return luaL_error(
        state, "Invalid request to unpack with offset of %d and limit of %d.", (int)offset, limit);
  }
  if (offset > (lua_Number)count) {
    return luaL_error(
        state, "Start offset %d greater than input length %d.", (int)offset, (int)count);
  }
  reader reader = {state, (const uint8_t *)bytes, count, (size_t)offset};
  int values = 0;
  while (reader.position < count && (limit == 0 || values < limit)) {
    unpack_value(&reader, 0);
    values++;
  }
  if (!shows_position) return values;
  luaL_checkstack(state, 1, "in function cmsgpack.unpack");
  lua_pushnumber(state, reader.position == count ? -1 : (lua_Number)reader.position);
  lua_insert(state, -values - 1);
  return values + 1;
}

static int msgpack_unpack(lua_State *state) { return unpack(state, 0, 0, false); }

static int msgpack_unpack_one(lua_State *state) {
  lua_Number offset = luaL_optnumber(state, 2, 0);
  luaL_checkstring(state, 1);
  lua_settop(state, 1);
  return unpack(state, 1, offset, true);
}

static int msgpack_unpack_limit(lua_State *state) {
  int limit = luaL_checkint(state, 2);
  lua_Number offset = luaL_optnumber(state, 3, 0);
  luaL_checkstring(state, 1);
  lua_settop(state, 1);
  return unpack(state, limit, offset, true);
}

void open_msgpack(lua_State *state) {
  static const luaL_Reg functions[] = {
      {"pack", msgpack_pack},
      {"unpack", msgpack_unpack},
      {"unpack_one", msgpack_unpack_one},
      {"unpack_limit", msgpack_unpack_limit},
      {NULL, NULL},
  };
  lua_newtable(state);
  luaL_register(state, NULL, functions);
  lua_pushstring(state, "cmsgpack");
  lua_setfield(state, -2, "_NAME");
  lua_pushstring(state, "lua-cmsgpack 0.4.0");
  lua_setfield(state, -2, "_VERSION");
  lua_pushstring(state, "MessagePack C implementation for Lua");
  lua_setfield(state, -2, "_DESCRIPTION");
}
