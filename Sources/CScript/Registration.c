// redis.register_function: what libraries are loaded for.
#include "Internal.h"
#include <string.h>

enum { function_flags_max = 16 };

int redis_register_function(lua_State *state) {
  cscript *script = script_of(state);
  if (!script->is_loading) {
    return refuse(
        state, "ERR redis.register_function can only be called on FUNCTION LOAD command", false);
  }
  int count = lua_gettop(state);
  if (count < 1 || count > 2) {
    return refuse(state, "ERR wrong number of arguments to redis.register_function", false);
  }
  cscript_word name = {NULL, 0}, description = {NULL, 0}, error = {NULL, 0};
  cscript_word flags[function_flags_max];
  long flag_count = 0;
  int callback = 0;
  size_t length;
  if (count == 2) {
    if (lua_type(state, 1) != LUA_TSTRING) {
      return refuse(
          state, "ERR first argument to redis.register_function must be a string", false);
    }
    name.bytes = lua_tolstring(state, 1, &length);
    name.count = (long)length;
    if (!lua_isfunction(state, 2)) {
      return refuse(
          state, "ERR second argument to redis.register_function must be a function", false);
    }
    callback = 2;
  } else {
    if (!lua_istable(state, 1)) {
      return refuse(
          state,
          "ERR calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).",
          false);
    }
    lua_settop(state, 2);
    lua_pushnil(state);
    while (lua_next(state, 1)) {
      if (lua_type(state, -2) != LUA_TSTRING) {
        return refuse(state, "ERR named argument key given to redis.register_function is not a string", false);
      }
      const char *key = lua_tostring(state, -2);
      if (strcasecmp(key, "function_name") == 0) {
        if (lua_type(state, -1) != LUA_TSTRING) {
          return refuse(
              state, "ERR function_name argument given to redis.register_function must be a string",
              false);
        }
        name.bytes = lua_tolstring(state, -1, &length);
        name.count = (long)length;
      } else if (strcasecmp(key, "description") == 0) {
        if (lua_type(state, -1) != LUA_TSTRING) {
          return refuse(
              state, "ERR description argument given to redis.register_function must be a string",
              false);
        }
        description.bytes = lua_tolstring(state, -1, &length);
        description.count = (long)length;
      } else if (strcasecmp(key, "callback") == 0) {
        if (!lua_isfunction(state, -1)) {
          return refuse(
              state, "ERR callback argument given to redis.register_function must be a function",
              false);
        }
        // Kept below the traversal's key and value.
        lua_pushvalue(state, -1);
        lua_replace(state, 2);
        callback = 2;
      } else if (strcasecmp(key, "flags") == 0) {
        if (!lua_istable(state, -1)) {
          return refuse(
              state,
              "ERR flags argument to redis.register_function must be a table representing function flags",
              false);
        }
        for (int index = 1;; index++) {
          lua_rawgeti(state, -1, index);
          if (lua_isnil(state, -1)) {
            lua_pop(state, 1);
            break;
          }
          if (lua_type(state, -1) != LUA_TSTRING || flag_count == function_flags_max) {
            return refuse(state, "ERR unknown flag given", false);
          }
          const char *flag = lua_tolstring(state, -1, &length);
          flags[flag_count++] = (cscript_word){flag, (long)length};
          lua_pop(state, 1);
        }
      } else {
        return refuse(
            state, "ERR unknown argument given to redis.register_function", false);
      }
      lua_pop(state, 1);
    }
    if (!name.bytes) {
      return refuse(
          state, "ERR redis.register_function must get a function name argument", false);
    }
    if (!callback) {
      return refuse(state, "ERR redis.register_function must get a callback argument", false);
    }
  }
  lua_pushvalue(state, callback);
  int reference = luaL_ref(state, LUA_REGISTRYINDEX);
  script->host.register_function(
      script->host.context, name, reference, description, flags, flag_count, &error);
  if (error.bytes) {
    luaL_unref(state, LUA_REGISTRYINDEX, reference);
    push_error_table(state, error.bytes, (size_t)error.count);
    return lua_error(state);
  }
  return 0;
}
