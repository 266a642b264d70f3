// Lua's patterns: string.find, match, gmatch and gsub. As the interpreter's own, which can't be interrupted and may take
// years for a short pattern; here the steps of a call are counted, and too many are an error.
#define _GNU_SOURCE  // memmem
#include "Internal.h"
#include <ctype.h>
#include <string.h>

enum { captures_max = 32, nesting_max = 200 };
/// A quarter of a second or so; and some for each byte, for long texts and simple patterns.
enum { steps_max = 1 << 25, steps_a_byte = 4, steps_before_look = 1 << 14 };
enum { capture_open = -1, capture_position = -2 };

typedef struct {
  lua_State *state;
  const char *text, *text_end, *pattern_end;
  int nesting, capture_count;
  long steps_left;
  /// Whose call it is: 1 for the caller's.
  int level;
  struct {
    const char *start;
    ptrdiff_t length;
  } captures[captures_max];
} matcher;

static const char *match_here(matcher *match, const char *at, const char *pattern);

static void begin_match(matcher *match, lua_State *state, const char *text, size_t count,
                        const char *pattern, size_t pattern_count) {
  match->state = state;
  match->text = text;
  match->text_end = text + count;
  match->pattern_end = pattern + pattern_count;
  match->steps_left = steps_max + (long)count * steps_a_byte;
  match->nesting = 0;
  match->capture_count = 0;
  match->level = 1;
}

/// The clock is looked at soon if this was much.
static void end_match(matcher *match) {
  long budget = steps_max + (match->text_end - match->text) * (long)steps_a_byte;
  if (budget - match->steps_left > steps_before_look) look_soon(script_of(match->state));
}

static void fail(matcher *match, const char *text) {
  end_match(match);
  luaL_where(match->state, match->level);
  lua_pushstring(match->state, text);
  lua_concat(match->state, 2);
  lua_error(match->state);
}

static inline void step(matcher *match) {
  if (--match->steps_left < 0) fail(match, "pattern too complex");
}

// MARK: Single characters

static const char *item_end(matcher *match, const char *pattern) {
  char first = *pattern++;
  if (first == '%') {
    if (pattern == match->pattern_end) fail(match, "malformed pattern (ends with '%')");
    return pattern + 1;
  }
  if (first != '[') return pattern;
  if (pattern < match->pattern_end && *pattern == '^') pattern++;
  // A bracket that comes first is a member.
  do {
    if (pattern == match->pattern_end) fail(match, "malformed pattern (missing ']')");
    char member = *pattern++;
    if (member == '%') {
      if (pattern == match->pattern_end) fail(match, "malformed pattern (missing ']')");
      pattern++;
    }
  } while (pattern == match->pattern_end || *pattern != ']');
  return pattern + 1;
}

static bool is_of_class(unsigned char byte, unsigned char name) {
  bool result;
  // Only ASCII has classes.
  bool is_ascii = byte < 0x80;
  switch (name | 0x20) {
    case 'a': result = is_ascii && isalpha(byte); break;
    case 'c': result = is_ascii && iscntrl(byte); break;
    case 'd': result = byte >= '0' && byte <= '9'; break;
    case 'g': result = is_ascii && isgraph(byte); break;
    case 'l': result = is_ascii && islower(byte); break;
    case 'p': result = is_ascii && ispunct(byte); break;
    case 's': result = is_ascii && isspace(byte); break;
    case 'u': result = is_ascii && isupper(byte); break;
    case 'w': result = is_ascii && isalnum(byte); break;
    case 'x': result = is_ascii && isxdigit(byte); break;
    case 'z': result = byte == 0; break;
    default: return name == byte;
  }
  // Only letters have a class; an upper-case one means all others.
  if (!isalpha(name)) return name == byte;
  return isupper(name) ? !result : result;
}

/// `set` is the opening bracket, `end` behind the closing one.
static bool is_in_set(unsigned char byte, const char *set, const char *end) {
  const unsigned char *at = (const unsigned char *)set + 1, *last = (const unsigned char *)end - 1;
  bool is_member = true;
  if (*at == '^') {
    is_member = false;
    at++;
  }
  while (at < last) {
    if (*at == '%') {
      if (is_of_class(byte, at[1])) return is_member;
      at += 2;
    } else if (at + 2 < last && at[1] == '-') {
      if (at[0] <= byte && byte <= at[2]) return is_member;
      at += 3;
    } else if (*at++ == byte) {
      return is_member;
    }
  }
  return !is_member;
}

static bool matches_one(matcher *match, const char *at, const char *pattern, const char *end) {
  if (at >= match->text_end) return false;
  step(match);
  unsigned char byte = (unsigned char)*at;
  switch (*pattern) {
    case '.': return true;
    case '%': return is_of_class(byte, (unsigned char)pattern[1]);
    case '[':
      // A set's length is work too.
      match->steps_left -= (end - pattern) >> 3;
      return is_in_set(byte, pattern, end);
    default: return (unsigned char)*pattern == byte;
  }
}

// MARK: Patterns

static const char *match_balance(matcher *match, const char *at, const char *pattern) {
  if (match->pattern_end - pattern < 2) fail(match, "unbalanced pattern");
  if (at >= match->text_end || *at != pattern[0]) return NULL;
  long depth = 1;
  for (const char *next = at + 1; next < match->text_end; next++) {
    step(match);
    if (*next == pattern[1]) {
      if (--depth == 0) return next + 1;
    } else if (*next == pattern[0]) {
      depth++;
    }
  }
  return NULL;
}

static const char *match_most(matcher *match, const char *at, const char *pattern, const char *end) {
  ptrdiff_t count = 0;
  while (matches_one(match, at + count, pattern, end)) count++;
  for (; count >= 0; count--) {
    step(match);
    const char *result = match_here(match, at + count, end + 1);
    if (result) return result;
  }
  return NULL;
}

static const char *match_least(matcher *match, const char *at, const char *pattern, const char *end) {
  while (true) {
    const char *result = match_here(match, at, end + 1);
    if (result) return result;
    if (!matches_one(match, at, pattern, end)) return NULL;
    at++;
  }
}

static const char *open_capture(matcher *match, const char *at, const char *pattern, int kind) {
  if (match->capture_count >= captures_max) fail(match, "too many captures");
  match->captures[match->capture_count].start = at;
  match->captures[match->capture_count].length = kind;
  match->capture_count++;
  const char *result = match_here(match, at, pattern);
  if (!result) match->capture_count--;
  return result;
}

static const char *close_capture(matcher *match, const char *at, const char *pattern) {
  int index = match->capture_count - 1;
  while (index >= 0 && match->captures[index].length != capture_open) index--;
  if (index < 0) fail(match, "invalid pattern capture");
  match->captures[index].length = at - match->captures[index].start;
  const char *result = match_here(match, at, pattern);
  if (!result) match->captures[index].length = capture_open;
  return result;
}

static const char *match_again(matcher *match, const char *at, char digit) {
  int index = digit - '1';
  if (index < 0 || index >= match->capture_count || match->captures[index].length == capture_open) {
    fail(match, "invalid capture index");
  }
  ptrdiff_t length = match->captures[index].length;
  if (length < 0 || match->text_end - at < length) return NULL;
  match->steps_left -= length >> 3;
  return memcmp(match->captures[index].start, at, (size_t)length) == 0 ? at + length : NULL;
}

static const char *match_rest(matcher *match, const char *at, const char *pattern) {
  while (pattern != match->pattern_end) {
    step(match);
    switch (*pattern) {
      case '(':
        return pattern + 1 != match->pattern_end && pattern[1] == ')'
            ? open_capture(match, at, pattern + 2, capture_position)
            : open_capture(match, at, pattern + 1, capture_open);
      case ')': return close_capture(match, at, pattern + 1);
      case '$':
        if (pattern + 1 == match->pattern_end) return at == match->text_end ? at : NULL;
        break;
      case '%':
        if (pattern + 1 == match->pattern_end) break;
        if (pattern[1] == 'b') {
          at = match_balance(match, at, pattern + 2);
          if (!at) return NULL;
          pattern += 4;
          continue;
        }
        if (pattern[1] == 'f') {
          pattern += 2;
          if (pattern == match->pattern_end || *pattern != '[') {
            fail(match, "missing '[' after '%f' in pattern");
          }
          const char *end = item_end(match, pattern);
          unsigned char before = at == match->text ? 0 : (unsigned char)at[-1];
          unsigned char after = at == match->text_end ? 0 : (unsigned char)*at;
          if (is_in_set(before, pattern, end) || !is_in_set(after, pattern, end)) return NULL;
          pattern = end;
          continue;
        }
        if (pattern[1] >= '0' && pattern[1] <= '9') {
          at = match_again(match, at, pattern[1]);
          if (!at) return NULL;
          pattern += 2;
          continue;
        }
        break;
      default: break;
    }
    const char *end = item_end(match, pattern);
    switch (end == match->pattern_end ? 0 : *end) {
      case '?':
        if (matches_one(match, at, pattern, end)) {
          const char *result = match_here(match, at + 1, end + 1);
          if (result) return result;
        }
        pattern = end + 1;
        continue;
      case '*': return match_most(match, at, pattern, end);
      case '+': return matches_one(match, at, pattern, end) ? match_most(match, at + 1, pattern, end) : NULL;
      case '-': return match_least(match, at, pattern, end);
      default:
        if (!matches_one(match, at, pattern, end)) return NULL;
        at++;
        pattern = end;
    }
  }
  return at;
}

static const char *match_here(matcher *match, const char *at, const char *pattern) {
  if (++match->nesting > nesting_max) fail(match, "pattern too complex");
  const char *result = match_rest(match, at, pattern);
  match->nesting--;
  return result;
}

// MARK: What is found

static void push_capture(matcher *match, int index, const char *start, const char *end) {
  if (index >= match->capture_count) {
    // Without captures the whole is one.
    if (index != 0) fail(match, "invalid capture index");
    lua_pushlstring(match->state, start, (size_t)(end - start));
    return;
  }
  ptrdiff_t length = match->captures[index].length;
  if (length == capture_open) fail(match, "unfinished capture");
  if (length == capture_position) {
    lua_pushinteger(match->state, match->captures[index].start - match->text + 1);
  } else {
    lua_pushlstring(match->state, match->captures[index].start, (size_t)length);
  }
}

/// Pushes all captures, or the whole if there are none and `start` is given.
static int push_captures(matcher *match, const char *start, const char *end) {
  int count = match->capture_count == 0 && start ? 1 : match->capture_count;
  luaL_checkstack(match->state, count, "too many captures");
  for (int index = 0; index < count; index++) push_capture(match, index, start, end);
  return count;
}

static bool is_plain(const char *pattern, size_t count) {
  for (size_t index = 0; index < count; index++) {
    if (memchr("^$*+?.([%-", pattern[index], 10)) return false;
  }
  return true;
}

typedef enum { FINDS, MATCHES, LOCATES } purpose;

static int find_or_match(lua_State *state, purpose purpose) {
  bool finds = purpose != MATCHES;
  size_t count, pattern_count;
  const char *text = luaL_checklstring(state, 1, &count);
  const char *pattern = luaL_checklstring(state, 2, &pattern_count);
  ptrdiff_t start = luaL_optinteger(state, 3, 1);
  if (start < 0) start += (ptrdiff_t)count + 1;
  start = start > 0 ? start - 1 : 0;
  if (start > (ptrdiff_t)count) start = (ptrdiff_t)count;
  if (purpose == FINDS && (lua_toboolean(state, 4) || is_plain(pattern, pattern_count))) {
    const char *found = pattern_count == 0
        ? text + start
        : memmem(text + start, count - (size_t)start, pattern, pattern_count);
    if (count > steps_before_look) look_soon(script_of(state));
    if (!found) {
      lua_pushnil(state);
      return 1;
    }
    lua_pushinteger(state, found - text + 1);
    lua_pushinteger(state, found - text + (ptrdiff_t)pattern_count);
    return 2;
  }
  matcher match;
  begin_match(&match, state, text, count, pattern, pattern_count);
  if (purpose == LOCATES) match.level = 2;
  bool is_anchored = pattern_count > 0 && *pattern == '^';
  if (is_anchored) pattern++;
  const char *at = text + start;
  do {
    match.capture_count = 0;
    match.nesting = 0;
    const char *end = match_here(&match, at, pattern);
    if (end) {
      end_match(&match);
      // Of what a table replaces, only the first capture matters.
      bool is_for_table = purpose == LOCATES && lua_toboolean(state, 4);
      if (!finds) return push_captures(&match, at, end);
      lua_pushinteger(state, at - text + 1);
      lua_pushinteger(state, end - text);
      if (!is_for_table || match.capture_count == 0) return push_captures(&match, NULL, NULL) + 2;
      push_capture(&match, 0, at, end);
      return 3;
    }
  } while (at++ < match.text_end && !is_anchored);
  end_match(&match);
  lua_pushnil(state);
  return 1;
}

static int string_find(lua_State *state) { return find_or_match(state, FINDS); }
static int string_match(lua_State *state) { return find_or_match(state, MATCHES); }
/// `find` for the prelude: a plain text is a pattern too, and errors are those of its caller's caller.
static int string_locate(lua_State *state) { return find_or_match(state, LOCATES); }

/// Upvalues: text, pattern, where to go on.
static int next_match(lua_State *state) {
  size_t count, pattern_count;
  const char *text = lua_tolstring(state, lua_upvalueindex(1), &count);
  const char *pattern = lua_tolstring(state, lua_upvalueindex(2), &pattern_count);
  size_t start = (size_t)lua_tonumber(state, lua_upvalueindex(3));
  matcher match;
  begin_match(&match, state, text, count, pattern, pattern_count);
  for (const char *at = text + start; at <= match.text_end; at++) {
    match.capture_count = 0;
    match.nesting = 0;
    const char *end = match_here(&match, at, pattern);
    if (!end) continue;
    end_match(&match);
    lua_pushnumber(state, (lua_Number)(end - text + (end == at)));
    lua_replace(state, lua_upvalueindex(3));
    return push_captures(&match, at, end);
  }
  end_match(&match);
  return 0;
}

static int string_gmatch(lua_State *state) {
  luaL_checkstring(state, 1);
  luaL_checkstring(state, 2);
  lua_settop(state, 2);
  lua_pushinteger(state, 0);
  lua_pushcclosure(state, next_match, 3);
  return 1;
}

static void add_replacement(matcher *match, luaL_Buffer *output, const char *start, const char *end) {
  size_t count;
  const char *text = lua_tolstring(match->state, 3, &count);
  for (size_t index = 0; index < count; index++) {
    if (text[index] != '%') {
      luaL_addchar(output, text[index]);
      continue;
    }
    // A percent sign at the end stands for the byte behind the text.
    char next = text[++index];
    if (next < '0' || next > '9') {
      luaL_addchar(output, next);
    } else if (next == '0') {
      luaL_addlstring(output, start, (size_t)(end - start));
    } else {
      push_capture(match, next - '1', start, end);
      luaL_addvalue(output);
    }
  }
  match->steps_left -= (long)count;
}

/// With text as the replacement; the prelude does the rest.
static int string_gsub(lua_State *state) {
  size_t count, pattern_count;
  const char *text = luaL_checklstring(state, 1, &count);
  const char *pattern = luaL_checklstring(state, 2, &pattern_count);
  int type = lua_type(state, 3);
  if (type != LUA_TSTRING && type != LUA_TNUMBER) {
    return luaL_typerror(state, 3, "string/function/table");
  }
  lua_Integer limit = luaL_optinteger(state, 4, (lua_Integer)count + 1), replaced = 0;
  bool is_anchored = pattern_count > 0 && *pattern == '^';
  matcher match;
  begin_match(&match, state, text, count, pattern, pattern_count);
  if (is_anchored) pattern++;
  luaL_Buffer output;
  luaL_buffinit(state, &output);
  const char *at = text;
  while (replaced < limit) {
    match.capture_count = 0;
    match.nesting = 0;
    const char *end = match_here(&match, at, pattern);
    if (end) {
      replaced++;
      add_replacement(&match, &output, at, end);
    }
    if (end && end > at) {
      at = end;
    } else if (at < match.text_end) {
      luaL_addchar(&output, *at++);
    } else {
      break;
    }
    if (is_anchored) break;
  }
  luaL_addlstring(&output, at, (size_t)(match.text_end - at));
  luaL_pushresult(&output);
  lua_pushinteger(state, replaced);
  end_match(&match);
  return 2;
}

void open_patterns(lua_State *state) {
  static const luaL_Reg functions[] = {
      {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub},
      {"locate", string_locate}, {NULL, NULL}};
  lua_getglobal(state, LUA_STRLIBNAME);
  luaL_register(state, NULL, functions);
  lua_pop(state, 1);
}
