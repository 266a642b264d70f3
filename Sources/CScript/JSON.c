// cjson: JSON to and from values of Lua.
#include "Internal.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What the functions of one `cjson` are set to; their first upvalue.
typedef struct {
  int sparse_convert, sparse_ratio, sparse_safe;
  int encode_depth_max, decode_depth_max;
  int precision;
  int keeps_buffer;
  /// 0: an error; 1: as a number; 2: as null.
  int encodes_invalid;
  int decodes_invalid;
} json_options;

static json_options *options_of(lua_State *state) {
  return lua_touserdata(state, lua_upvalueindex(1));
}

// MARK: Encoding

typedef struct {
  lua_State *state;
  const json_options *options;
  buffer *output;
} encoder;

static void encode_value(encoder *encoder, int depth);

static void encode_text(encoder *encoder, int index) {
  static const char hexadecimal[] = "0123456789abcdef";
  size_t count;
  const char *text = lua_tolstring(encoder->state, index, &count);
  buffer *output = encoder->output;
  buffer_byte(output, '"');
  for (size_t position = 0; position < count; position++) {
    unsigned char byte = (unsigned char)text[position];
    switch (byte) {
      case '"': buffer_text(output, "\\\""); break;
      case '\\': buffer_text(output, "\\\\"); break;
      case '/': buffer_text(output, "\\/"); break;
      case '\b': buffer_text(output, "\\b"); break;
      case '\t': buffer_text(output, "\\t"); break;
      case '\n': buffer_text(output, "\\n"); break;
      case '\f': buffer_text(output, "\\f"); break;
      case '\r': buffer_text(output, "\\r"); break;
      default:
        if (byte < 32 || byte == 127) {
          buffer_text(output, "\\u00");
          buffer_byte(output, hexadecimal[byte >> 4]);
          buffer_byte(output, hexadecimal[byte & 15]);
        } else {
          buffer_byte(output, (char)byte);
        }
    }
  }
  buffer_byte(output, '"');
}

static void encode_number(encoder *encoder, int index) {
  double number = lua_tonumber(encoder->state, index);
  if (isinf(number) || isnan(number)) {
    if (encoder->options->encodes_invalid == 0) {
      luaL_error(encoder->state, "Cannot serialise number: must not be NaN or Inf");
    }
    if (encoder->options->encodes_invalid == 2) {
      buffer_text(encoder->output, "null");
    } else {
      buffer_text(encoder->output, isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
    }
    return;
  }
  char text[64];
  int length = snprintf(text, sizeof text, "%.*g", encoder->options->precision, number);
  buffer_append(encoder->output, text, (size_t)length);
}

/// The length of the array at the top, or -1 for a table of names.
static long array_length(encoder *encoder) {
  lua_State *state = encoder->state;
  const json_options *options = encoder->options;
  double largest = 0;
  long items = 0;
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    if (lua_type(state, -2) == LUA_TNUMBER) {
      double key = lua_tonumber(state, -2);
      if (floor(key) == key && key >= 1) {
        if (key > largest) largest = key;
        items++;
        lua_pop(state, 1);
        continue;
      }
    }
    lua_pop(state, 2);
    return -1;
  }
  if (options->sparse_ratio > 0 && largest > (double)items * options->sparse_ratio
      && largest > options->sparse_safe) {
    if (!options->sparse_convert) {
      luaL_error(state, "Cannot serialise table: excessively sparse array");
    }
    return -1;
  }
  return (long)largest;
}

static void check_depth(encoder *encoder, int depth) {
  if (depth > encoder->options->encode_depth_max || !lua_checkstack(encoder->state, 6)) {
    luaL_error(encoder->state, "Cannot serialise, excessive depth (%d)", depth);
  }
}

static void encode_table(encoder *encoder, int depth) {
  lua_State *state = encoder->state;
  buffer *output = encoder->output;
  check_depth(encoder, depth);
  long length = array_length(encoder);
  if (length > 0) {
    buffer_byte(output, '[');
    for (long index = 1; index <= length; index++) {
      if (index > 1) buffer_byte(output, ',');
      lua_rawgeti(state, -1, (int)index);
      encode_value(encoder, depth);
      lua_pop(state, 1);
    }
    buffer_byte(output, ']');
    return;
  }
  buffer_byte(output, '{');
  bool is_first = true;
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    if (!is_first) buffer_byte(output, ',');
    is_first = false;
    switch (lua_type(state, -2)) {
      case LUA_TNUMBER:
        buffer_byte(output, '"');
        encode_number(encoder, -2);
        buffer_byte(output, '"');
        break;
      case LUA_TSTRING: encode_text(encoder, -2); break;
      default:
        luaL_error(
            state, "Cannot serialise %s: table key must be a number or string",
            luaL_typename(state, -2));
    }
    buffer_byte(output, ':');
    encode_value(encoder, depth);
    lua_pop(state, 1);
  }
  buffer_byte(output, '}');
}

static void encode_value(encoder *encoder, int depth) {
  if (encoder->output->count > encoded_bytes_max) {
    look_soon(script_of(encoder->state));
    luaL_error(encoder->state, "not enough memory");
  }
  if (is_overdue(script_of(encoder->state))) luaL_error(encoder->state, "value takes too long to serialise");
  lua_State *state = encoder->state;
  switch (lua_type(state, -1)) {
    case LUA_TSTRING: encode_text(encoder, -1); return;
    case LUA_TNUMBER: encode_number(encoder, -1); return;
    case LUA_TBOOLEAN: buffer_text(encoder->output, lua_toboolean(state, -1) ? "true" : "false"); return;
    case LUA_TTABLE: encode_table(encoder, depth + 1); return;
    case LUA_TNIL: buffer_text(encoder->output, "null"); return;
    case LUA_TLIGHTUSERDATA:
      if (!lua_touserdata(state, -1)) {
        buffer_text(encoder->output, "null");
        return;
      }
    // fall through
    default: luaL_error(state, "Cannot serialise %s: type not supported", luaL_typename(state, -1));
  }
}

static int json_encode(lua_State *state) {
  luaL_argcheck(state, lua_gettop(state) == 1, 1, "expected 1 argument");
  cscript *script = script_of(state);
  encoder encoder = {state, options_of(state), &script->scratch};
  script->scratch.count = 0;
  begin_conversion(script);
  encode_value(&encoder, 0);
  if (script->scratch.count > long_text_bytes) look_soon(script);
  lua_pushlstring(state, script->scratch.bytes ? script->scratch.bytes : "", script->scratch.count);
  return 1;
}

// MARK: Decoding

typedef struct {
  lua_State *state;
  const json_options *options;
  const char *text;
  size_t count, position;
  buffer *scratch;
  int depth;
} decoder;

static void decode_value(decoder *decoder);

static void skip_space(decoder *decoder) {
  while (decoder->position < decoder->count) {
    char byte = decoder->text[decoder->position];
    if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') return;
    decoder->position++;
  }
}

static int peek(const decoder *decoder) {
  return decoder->position < decoder->count ? (unsigned char)decoder->text[decoder->position] : -1;
}

static const char *token_name(int byte, const decoder *decoder) {
  const char *rest = decoder->text + decoder->position;
  switch (byte) {
    case -1: return "T_END";
    case '{': return "T_OBJ_BEGIN";
    case '}': return "T_OBJ_END";
    case '[': return "T_ARR_BEGIN";
    case ']': return "T_ARR_END";
    case '"': return "T_STRING";
    case ':': return "T_COLON";
    case ',': return "T_COMMA";
    default: break;
  }
  if ((byte >= '0' && byte <= '9') || byte == '-') return "T_NUMBER";
  size_t left = decoder->count - decoder->position;
  if (left >= 4 && memcmp(rest, "true", 4) == 0) return "T_BOOLEAN";
  if (left >= 5 && memcmp(rest, "false", 5) == 0) return "T_BOOLEAN";
  if (left >= 4 && memcmp(rest, "null", 4) == 0) return "T_NULL";
  return "invalid token";
}

static void expected(decoder *decoder, const char *what) {
  luaL_error(
      decoder->state, "Expected %s but found %s at character %d", what,
      token_name(peek(decoder), decoder), (int)decoder->position + 1);
}

static void fail_at(decoder *decoder, const char *what, size_t position) {
  luaL_error(
      decoder->state, "Expected value but found %s at character %d", what, (int)position + 1);
}

/// Four hexadecimal digits, or -1.
static int code_unit(const decoder *decoder, size_t position) {
  if (position + 4 > decoder->count) return -1;
  int unit = 0;
  for (size_t index = position; index < position + 4; index++) {
    char byte = decoder->text[index];
    int digit = byte >= '0' && byte <= '9' ? byte - '0'
        : byte >= 'a' && byte <= 'f'       ? byte - 'a' + 10
        : byte >= 'A' && byte <= 'F'       ? byte - 'A' + 10
                                           : -1;
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

static void append_scalar(buffer *output, int scalar) {
  if (scalar < 0x80) {
    buffer_byte(output, (char)scalar);
  } else if (scalar < 0x800) {
    buffer_byte(output, (char)(0xC0 | scalar >> 6));
    buffer_byte(output, (char)(0x80 | (scalar & 63)));
  } else if (scalar < 0x10000) {
    buffer_byte(output, (char)(0xE0 | scalar >> 12));
    buffer_byte(output, (char)(0x80 | (scalar >> 6 & 63)));
    buffer_byte(output, (char)(0x80 | (scalar & 63)));
  } else {
    buffer_byte(output, (char)(0xF0 | scalar >> 18));
    buffer_byte(output, (char)(0x80 | (scalar >> 12 & 63)));
    buffer_byte(output, (char)(0x80 | (scalar >> 6 & 63)));
    buffer_byte(output, (char)(0x80 | (scalar & 63)));
  }
}

static void decode_text(decoder *decoder) {
  buffer *output = decoder->scratch;
  size_t start = decoder->position++;
  output->count = 0;
  while (true) {
    int byte = peek(decoder);
    if (byte < 0) {
      decoder->position = decoder->count;
      fail_at(decoder, "unexpected end of string", decoder->position);
    }
    if (byte == '"') {
      decoder->position++;
      break;
    }
    if (byte < 32) fail_at(decoder, "invalid token", start);
    decoder->position++;
    if (byte != '\\') {
      buffer_byte(output, (char)byte);
      continue;
    }
    byte = peek(decoder);
    switch (byte) {
      case '"':
      case '\\':
      case '/': buffer_byte(output, (char)byte); break;
      case 'b': buffer_byte(output, '\b'); break;
      case 'f': buffer_byte(output, '\f'); break;
      case 'n': buffer_byte(output, '\n'); break;
      case 'r': buffer_byte(output, '\r'); break;
      case 't': buffer_byte(output, '\t'); break;
      case 'u': {
        size_t escape = decoder->position - 1;
        int unit = code_unit(decoder, decoder->position + 1);
        if (unit < 0) fail_at(decoder, "invalid unicode escape code", escape);
        decoder->position += 4;
        if (unit >= 0xD800 && unit < 0xE000) {
          int low = -1;
          if (unit < 0xDC00 && decoder->position + 6 < decoder->count
              && decoder->text[decoder->position + 1] == '\\'
              && decoder->text[decoder->position + 2] == 'u') {
            low = code_unit(decoder, decoder->position + 3);
          }
          if (low < 0xDC00 || low > 0xDFFF) {
            fail_at(decoder, "invalid unicode escape code", escape);
          }
          decoder->position += 6;
          unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
        append_scalar(output, unit);
        break;
      }
      default: fail_at(decoder, "invalid escape code", decoder->position - 1);
    }
    decoder->position++;
  }
  lua_pushlstring(decoder->state, output->bytes ? output->bytes : "", output->count);
}

/// Beginnings that `strtod` takes and JSON does not.
static bool is_invalid_number(const decoder *decoder) {
  const char *text = decoder->text + decoder->position;
  if (*text == '+') return true;
  if (*text == '-') text++;
  if (*text == '0') {
    if ((text[1] | 0x20) == 'x' || (text[1] >= '0' && text[1] <= '9')) return true;
    return false;
  }
  if (*text <= '9') return false;
  return strncasecmp(text, "inf", 3) == 0 || strncasecmp(text, "nan", 3) == 0;
}

static void decode_number(decoder *decoder) {
  if (!decoder->options->decodes_invalid && is_invalid_number(decoder)) {
    fail_at(decoder, "invalid number", decoder->position);
  }
  // The text of Lua's strings ends with a NUL.
  char *end;
  double number = strtod(decoder->text + decoder->position, &end);
  if (end == decoder->text + decoder->position) {
    fail_at(decoder, "invalid number", decoder->position);
  }
  decoder->position = (size_t)(end - decoder->text);
  lua_pushnumber(decoder->state, number);
}

static void descend(decoder *decoder) {
  decoder->depth++;
  if (decoder->depth > decoder->options->decode_depth_max || !lua_checkstack(decoder->state, 4)) {
    luaL_error(
        decoder->state, "Found too many nested data structures (%d) at character %d",
        decoder->depth, (int)decoder->position);
  }
}

static void decode_object(decoder *decoder) {
  decoder->position++;
  descend(decoder);
  lua_newtable(decoder->state);
  skip_space(decoder);
  if (peek(decoder) == '}') {
    decoder->position++;
    decoder->depth--;
    return;
  }
  while (true) {
    skip_space(decoder);
    if (peek(decoder) != '"') expected(decoder, "object key string");
    decode_text(decoder);
    skip_space(decoder);
    if (peek(decoder) != ':') expected(decoder, "colon");
    decoder->position++;
    decode_value(decoder);
    lua_rawset(decoder->state, -3);
    skip_space(decoder);
    int byte = peek(decoder);
    if (byte != '}' && byte != ',') expected(decoder, "comma or object end");
    decoder->position++;
    if (byte == '}') break;
  }
  decoder->depth--;
}

static void decode_array(decoder *decoder) {
  decoder->position++;
  descend(decoder);
  lua_newtable(decoder->state);
  skip_space(decoder);
  if (peek(decoder) == ']') {
    decoder->position++;
    decoder->depth--;
    return;
  }
  for (int index = 1;; index++) {
    decode_value(decoder);
    lua_rawseti(decoder->state, -2, index);
    skip_space(decoder);
    int byte = peek(decoder);
    if (byte != ']' && byte != ',') expected(decoder, "comma or array end");
    decoder->position++;
    if (byte == ']') break;
  }
  decoder->depth--;
}

static void decode_value(decoder *decoder) {
  skip_space(decoder);
  int byte = peek(decoder);
  const char *rest = decoder->text + decoder->position;
  size_t left = decoder->count - decoder->position;
  switch (byte) {
    case '"': decode_text(decoder); return;
    case '{': decode_object(decoder); return;
    case '[': decode_array(decoder); return;
    case 't':
      if (left >= 4 && memcmp(rest, "true", 4) == 0) {
        decoder->position += 4;
        lua_pushboolean(decoder->state, 1);
        return;
      }
      break;
    case 'f':
      if (left >= 5 && memcmp(rest, "false", 5) == 0) {
        decoder->position += 5;
        lua_pushboolean(decoder->state, 0);
        return;
      }
      break;
    case 'n':
      if (left >= 4 && memcmp(rest, "null", 4) == 0) {
        decoder->position += 4;
        lua_pushlightuserdata(decoder->state, NULL);
        return;
      }
    // fall through
    case 'N':
    case 'i':
    case 'I':
    case '+':
      if (left >= 3 && (is_invalid_number(decoder))) {
        decode_number(decoder);
        return;
      }
      break;
    default:
      if ((byte >= '0' && byte <= '9') || byte == '-') {
        decode_number(decoder);
        return;
      }
  }
  expected(decoder, "value");
}

static int json_decode(lua_State *state) {
  luaL_argcheck(state, lua_gettop(state) == 1, 1, "expected 1 argument");
  size_t count;
  const char *text = luaL_checklstring(state, 1, &count);
  if (count >= 2 && (!text[0] || !text[1])) {
    return luaL_error(state, "JSON parser does not support UTF-16 or UTF-32");
  }
  if (count > long_text_bytes) look_soon(script_of(state));
  decoder decoder = {state, options_of(state), text, count, 0, &script_of(state)->scratch, 0};
  decode_value(&decoder);
  skip_space(&decoder);
  if (decoder.position < count) expected(&decoder, "the end");
  return 1;
}

// MARK: Options

static int integer_option(lua_State *state, int index, int *setting, int least, int most) {
  if (!lua_isnil(state, index)) {
    lua_Number value = luaL_checknumber(state, index);
    char message[64];
    snprintf(message, sizeof message, "expected integer between %d and %d", least, most);
    luaL_argcheck(state, least <= value && value <= most, index, message);
    *setting = (int)value;
  }
  lua_pushinteger(state, *setting);
  return 1;
}

static void expect_at_most(lua_State *state, int most) {
  luaL_argcheck(state, lua_gettop(state) <= most, most + 1, "found too many arguments");
  while (lua_gettop(state) < most) lua_pushnil(state);
}

static int json_sparse_array(lua_State *state) {
  json_options *options = options_of(state);
  expect_at_most(state, 3);
  if (!lua_isnil(state, 1)) {
    luaL_checktype(state, 1, LUA_TBOOLEAN);
    options->sparse_convert = lua_toboolean(state, 1);
  }
  lua_pushboolean(state, options->sparse_convert);
  integer_option(state, 2, &options->sparse_ratio, 0, INT32_MAX);
  integer_option(state, 3, &options->sparse_safe, 0, INT32_MAX);
  return 3;
}

static int json_encode_depth(lua_State *state) {
  expect_at_most(state, 1);
  return integer_option(state, 1, &options_of(state)->encode_depth_max, 1, INT32_MAX);
}

static int json_decode_depth(lua_State *state) {
  expect_at_most(state, 1);
  return integer_option(state, 1, &options_of(state)->decode_depth_max, 1, INT32_MAX);
}

static int json_precision(lua_State *state) {
  expect_at_most(state, 1);
  return integer_option(state, 1, &options_of(state)->precision, 1, 16);
}

static int enumerated_option(lua_State *state, int *setting, bool has_null) {
  expect_at_most(state, 1);
  if (lua_isboolean(state, 1)) {
    *setting = lua_toboolean(state, 1);
  } else if (!lua_isnil(state, 1)) {
    static const char *const names[] = {"off", "on", "null", NULL}, *const fewer[] = {"off", "on", NULL};
    *setting = luaL_checkoption(state, 1, NULL, has_null ? names : fewer);
  }
  if (*setting == 2) lua_pushstring(state, "null");
  else lua_pushboolean(state, *setting);
  return 1;
}

static int json_keep_buffer(lua_State *state) {
  return enumerated_option(state, &options_of(state)->keeps_buffer, false);
}
static int json_encode_invalid(lua_State *state) {
  return enumerated_option(state, &options_of(state)->encodes_invalid, true);
}
static int json_decode_invalid(lua_State *state) {
  return enumerated_option(state, &options_of(state)->decodes_invalid, false);
}

static int json_new(lua_State *state) {
  open_json(state);
  return 1;
}

void open_json(lua_State *state) {
  static const luaL_Reg functions[] = {
      {"encode", json_encode},
      {"decode", json_decode},
      {"encode_sparse_array", json_sparse_array},
      {"encode_max_depth", json_encode_depth},
      {"decode_max_depth", json_decode_depth},
      {"encode_number_precision", json_precision},
      {"encode_keep_buffer", json_keep_buffer},
      {"encode_invalid_numbers", json_encode_invalid},
      {"decode_invalid_numbers", json_decode_invalid},
      {"new", json_new},
      {NULL, NULL},
  };
  lua_newtable(state);
  json_options *options = lua_newuserdata(state, sizeof *options);
  *options = (json_options){
      .sparse_ratio = 2, .sparse_safe = 10, .encode_depth_max = 1000, .decode_depth_max = 1000, .decodes_invalid = true,
      .precision = 14, .keeps_buffer = 1};
  for (const luaL_Reg *function = functions; function->name; function++) {
    lua_pushvalue(state, -1);
    lua_pushcclosure(state, function->func, 1);
    lua_setfield(state, -3, function->name);
  }
  lua_pop(state, 1);
  lua_pushlightuserdata(state, NULL);
  lua_setfield(state, -2, "null");
  lua_pushstring(state, "cjson");
  lua_setfield(state, -2, "_NAME");
  lua_pushstring(state, "2.1.0");
  lua_setfield(state, -2, "_VERSION");
}
