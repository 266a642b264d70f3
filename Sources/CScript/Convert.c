// Between RESP and values of Lua.
#include "Internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_reserve(buffer *buffer, size_t extra) {
  size_t needed = buffer->count + extra;
  if (needed <= buffer->capacity) return;
  size_t capacity = buffer->capacity ? buffer->capacity * 2 : 512;
  if (capacity < needed) capacity = needed;
  char *grown = realloc(buffer->bytes, capacity);
  if (!grown) abort();
  buffer->bytes = grown;
  buffer->capacity = capacity;
}

void buffer_append(buffer *buffer, const void *bytes, size_t count) {
  buffer_reserve(buffer, count);
  if (count) memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
}

// MARK: RESP to Lua

static long read_number(const char *text, size_t *offset) {
  bool is_negative = text[*offset] == '-';
  if (is_negative) ++*offset;
  unsigned long number = 0;
  while (text[*offset] >= '0' && text[*offset] <= '9') {
    number = number * 10 + (unsigned long)(text[*offset] - '0');
    ++*offset;
  }
  *offset += 2;
  return is_negative ? (long)(0 - number) : (long)number;
}

static size_t line_end(const char *reply, size_t count, size_t offset) {
  const char *end = memchr(reply + offset, '\r', count - offset);
  return end ? (size_t)(end - reply) : count;
}

static void push_one_field(lua_State *state, const char *name, const char *text, size_t count) {
  lua_createtable(state, 0, 1);
  lua_pushlstring(state, text, count);
  lua_setfield(state, -2, name);
}

void push_error_table(lua_State *state, const char *text, size_t count) {
  push_one_field(state, "err", text, count);
}

static const char counted_mark[] = "ignore_error_stats_update";

void note_as_counted(lua_State *state) {
  lua_pushboolean(state, 1);
  lua_setfield(state, -2, counted_mark);
}

bool is_counted_error(lua_State *state) {
  lua_pushstring(state, counted_mark);
  lua_rawget(state, -2);
  bool is_counted = lua_toboolean(state, -1);
  lua_pop(state, 1);
  return is_counted;
}

static void push_pairs(
    cscript *script, lua_State *state, const char *reply, size_t count, size_t *offset, long pairs,
    bool is_set) {
  lua_createtable(state, 0, (int)(pairs < 1024 ? pairs : 1024));
  for (long index = 0; index < pairs; index++) {
    push_reply(script, state, reply, count, offset);
    if (is_set) {
      lua_pushboolean(state, 1);
    } else {
      push_reply(script, state, reply, count, offset);
    }
    if (lua_isnil(state, -2)) {
      lua_pop(state, 2);
    } else {
      lua_rawset(state, -3);
    }
  }
}

void push_reply(cscript *script, lua_State *state, const char *reply, size_t count, size_t *offset) {
  luaL_checkstack(state, 6, "reply nests too deeply");
  if (*offset >= count) {
    lua_pushnil(state);
    return;
  }
  char type = reply[(*offset)++];
  size_t start = *offset, end;
  switch (type) {
    case ':': lua_pushnumber(state, (lua_Number)read_number(reply, offset)); return;
    case '$': {
      long length = read_number(reply, offset);
      if (length < 0) {
        lua_pushboolean(state, 0);
        return;
      }
      lua_pushlstring(state, reply + *offset, (size_t)length);
      *offset += (size_t)length + 2;
      return;
    }
    case '*':
    case '>': {
      long elements = read_number(reply, offset);
      if (elements < 0) {
        lua_pushboolean(state, 0);
        return;
      }
      lua_createtable(state, (int)(elements < 1 << 20 ? elements : 1 << 20), 0);
      for (long index = 1; index <= elements; index++) {
        push_reply(script, state, reply, count, offset);
        lua_rawseti(state, -2, (int)index);
      }
      return;
    }
    case '%':
      lua_createtable(state, 0, 1);
      push_pairs(script, state, reply, count, offset, read_number(reply, offset), false);
      lua_setfield(state, -2, "map");
      return;
    case '~':
      lua_createtable(state, 0, 1);
      push_pairs(script, state, reply, count, offset, read_number(reply, offset), true);
      lua_setfield(state, -2, "set");
      return;
    case '=': {
      long length = read_number(reply, offset);
      lua_createtable(state, 0, 1);
      lua_createtable(state, 0, 2);
      lua_pushlstring(state, reply + *offset + 4, (size_t)length - 4);
      lua_setfield(state, -2, "string");
      lua_pushlstring(state, reply + *offset, 3);
      lua_setfield(state, -2, "format");
      lua_setfield(state, -2, "verbatim_string");
      *offset += (size_t)length + 2;
      return;
    }
    case '|': {
      // Attributes are for clients.
      long pairs = read_number(reply, offset);
      for (long index = 0; index < pairs * 2; index++) {
        push_reply(script, state, reply, count, offset);
        lua_pop(state, 1);
      }
      push_reply(script, state, reply, count, offset);
      return;
    }
    default: break;
  }
  end = line_end(reply, count, start);
  *offset = end + 2;
  switch (type) {
    case '+': push_one_field(state, "ok", reply + start, end - start); return;
    case '-': push_error_table(state, reply + start, end - start); return;
    case '#': lua_pushboolean(state, reply[start] == 't'); return;
    case ',':
      lua_createtable(state, 0, 1);
      lua_pushnumber(state, strtod(reply + start, NULL));
      lua_setfield(state, -2, "double");
      return;
    case '(': push_one_field(state, "big_number", reply + start, end - start); return;
    default: lua_pushnil(state); return;
  }
}

// MARK: Lua to RESP

int write_integer(char *text, long long number) {
  char digits[20];
  unsigned long long rest = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
  int count = 0, length = 0;
  do digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) text[length++] = '-';
  while (count) text[length++] = digits[--count];
  return length;
}

static void write_header(buffer *output, char type, long long number) {
  char text[24] = {type};
  int length = 1 + write_integer(text + 1, number);
  text[length++] = '\r';
  text[length++] = '\n';
  buffer_append(output, text, (size_t)length);
}

static void write_bulk(buffer *output, const char *bytes, size_t count) {
  write_header(output, '$', (long long)count);
  buffer_append(output, bytes, count);
  buffer_append(output, "\r\n", 2);
}

/// A line: breaks in it become spaces.
/// The text as one line, and the end of the line.
static void write_on_one_line(buffer *output, const char *bytes, size_t count) {
  for (size_t index = 0; index < count; index++) {
    char byte = bytes[index];
    buffer_byte(output, byte == '\r' || byte == '\n' ? ' ' : byte);
  }
  buffer_append(output, "\r\n", 2);
}

static void write_line(buffer *output, char type, const char *bytes, size_t count) {
  buffer_byte(output, type);
  write_on_one_line(output, bytes, count);
}

/// Of an error's text what clients see of it: as far as the first NUL, no line breaks at its end.
static size_t error_length(const char *text) {
  size_t count = strlen(text);
  while (count > 0 && (text[count - 1] == '\r' || text[count - 1] == '\n')) count--;
  return count;
}

static void write_null(buffer *output, int protocol) {
  buffer_text(output, protocol == 3 ? "_\r\n" : "$-1\r\n");
}

/// Pushes the field of the table at the top, without its metatable's help.
static int push_field(lua_State *state, const char *name) {
  lua_pushstring(state, name);
  lua_rawget(state, -2);
  return lua_type(state, -1);
}

/// Writes the pairs of the table at the top.
static bool write_pairs(
    cscript *script, lua_State *state, buffer *output, int protocol, int depth, bool is_set) {
  long pairs = 0;
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    pairs++;
    lua_pop(state, 1);
  }
  if (is_set) {
    write_header(output, protocol == 3 ? '~' : '*', pairs);
  } else if (protocol == 3) {
    write_header(output, '%', pairs);
  } else {
    write_header(output, '*', pairs * 2);
  }
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    // The key is needed again for the next pair.
    lua_pushvalue(state, -2);
    if (!write_result(script, state, output, protocol, depth + 1)) return false;
    if (is_set) {
      lua_pop(state, 1);
    } else if (!write_result(script, state, output, protocol, depth + 1)) {
      return false;
    }
  }
  return true;
}

static bool write_table(
    cscript *script, lua_State *state, buffer *output, int protocol, int depth) {
  size_t count;
  const char *text;
  if (push_field(state, "err") == LUA_TSTRING) {
    text = lua_tostring(state, -1);
    write_line(output, '-', text, error_length(text));
    lua_pop(state, 1);
    if (depth == 0) script->error_is_counted = is_counted_error(state);
    return true;
  }
  lua_pop(state, 1);
  if (push_field(state, "ok") == LUA_TSTRING) {
    text = lua_tostring(state, -1);
    write_line(output, '+', text, strlen(text));
    lua_pop(state, 1);
    return true;
  }
  lua_pop(state, 1);
  if (push_field(state, "double") == LUA_TNUMBER) {
    char digits[64];
    long length = script->host.describe(lua_tonumber(state, -1), digits);
    if (protocol == 3) {
      write_line(output, ',', digits, (size_t)length);
    } else {
      write_bulk(output, digits, (size_t)length);
    }
    lua_pop(state, 1);
    return true;
  }
  lua_pop(state, 1);
  if (push_field(state, "map") == LUA_TTABLE) {
    bool is_written = write_pairs(script, state, output, protocol, depth, false);
    lua_pop(state, 1);
    return is_written;
  }
  lua_pop(state, 1);
  if (push_field(state, "set") == LUA_TTABLE) {
    bool is_written = write_pairs(script, state, output, protocol, depth, true);
    lua_pop(state, 1);
    return is_written;
  }
  lua_pop(state, 1);
  if (push_field(state, "big_number") == LUA_TSTRING) {
    text = lua_tolstring(state, -1, &count);
    if (protocol == 3) {
      write_line(output, '(', text, count);
    } else {
      write_header(output, '$', (long long)count);
      write_on_one_line(output, text, count);
    }
    lua_pop(state, 1);
    return true;
  }
  lua_pop(state, 1);
  if (push_field(state, "verbatim_string") == LUA_TTABLE) {
    if (push_field(state, "string") == LUA_TSTRING) {
      text = lua_tolstring(state, -1, &count);
      lua_pushstring(state, "format");
      lua_rawget(state, -3);
      if (lua_type(state, -1) == LUA_TSTRING) {
        const char *format = lua_tostring(state, -1);
        if (protocol == 3) {
          write_header(output, '=', (long long)count + 4);
          char letters[5];
          snprintf(letters, sizeof letters, "%-3.3s:", format);
          buffer_append(output, letters, 4);
          buffer_append(output, text, count);
          buffer_append(output, "\r\n", 2);
        } else {
          write_bulk(output, text, count);
        }
        lua_pop(state, 3);
        return true;
      }
      lua_pop(state, 1);
    }
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  int elements = 0;
  while (true) {
    lua_rawgeti(state, -1, elements + 1);
    bool is_end = lua_isnil(state, -1);
    lua_pop(state, 1);
    if (is_end) break;
    elements++;
  }
  write_header(output, '*', elements);
  for (int index = 1; index <= elements; index++) {
    lua_rawgeti(state, -1, index);
    if (!write_result(script, state, output, protocol, depth + 1)) return false;
  }
  return true;
}

/// How deep a returned value may nest: as the stack of Lua 5.1 allows.
enum { result_depth_max = 1900 };
/// How much it may be.
enum { result_bytes_max = 1 << 30 };

bool write_result(cscript *script, lua_State *state, buffer *output, int protocol, int depth) {
  if (depth > result_depth_max || !lua_checkstack(state, 8)) return false;
  if (is_overdue(script) || output->count > result_bytes_max) return false;
  bool is_written = true;
  switch (lua_type(state, -1)) {
    case LUA_TSTRING: {
      size_t count;
      const char *bytes = lua_tolstring(state, -1, &count);
      write_bulk(output, bytes, count);
      break;
    }
    case LUA_TBOOLEAN: {
      bool value = lua_toboolean(state, -1);
      if (script->protocol < 3) {
        if (value) buffer_text(output, ":1\r\n");
        else write_null(output, protocol);
      } else if (protocol == 3) {
        buffer_text(output, value ? "#t\r\n" : "#f\r\n");
      } else {
        buffer_text(output, value ? ":1\r\n" : ":0\r\n");
      }
      break;
    }
    case LUA_TNUMBER: {
      double number = lua_tonumber(state, -1);
      long long integer = number >= -9223372036854775808.0 && number < 9223372036854775808.0
          ? (long long)number
          : INT64_MIN;
      write_header(output, ':', integer);
      break;
    }
    case LUA_TTABLE: is_written = write_table(script, state, output, protocol, depth); break;
    default: write_null(output, protocol); break;
  }
  if (is_written) lua_pop(state, 1);
  return is_written;
}
