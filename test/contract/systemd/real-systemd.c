/* Shows what systemd makes of an environment file and of an argv with variables.
 *
 * usage: real-systemd LIBRARY VERSION, where LIBRARY is libsystemd-shared-VERSION.so.
 * Reads lines "FILE ARGV", answers with "E" when systemd drops the file, else with "ENTRIES WORDS". Each of the four is
 * hexadecimal, "-" when empty; the last three are lists whose items end in a NUL.
 * Reads lines "QUOTE STRINGS" as well, answers with the strings as systemctl show prints an array of them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int (*load_env_file_t)(FILE *f, const char *name, char ***entries);
typedef char **(*clean_t)(char **entries, void (*callback)(const char *, void *), void *userdata);
typedef char *(*quote_t)(const char *s, int flags);
typedef char **(*replace_252_t)(char **argv, char **env);
typedef int (*replace_253_t)(char **argv, char **env, char ***result, char ***unset, char ***bad);

static void *need(void *library, const char *name) {
        void *symbol = dlsym(library, name);
        if (!symbol) {
                fprintf(stderr, "no %s: %s\n", name, dlerror());
                exit(3);
        }
        return symbol;
}

static unsigned char *unhex(const char *text, size_t *size) {
        size_t length = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
        unsigned char *bytes = calloc(length + 1, 1);
        for (size_t i = 0; i < length; i++) {
                unsigned value;
                sscanf(text + 2 * i, "%2x", &value);
                bytes[i] = value;
        }
        *size = length;
        return bytes;
}

static void print_list(char **list) {
        if (!list || !*list)
                printf("-");
        for (char **item = list; item && *item; item++) {
                for (unsigned char *byte = (unsigned char *) *item; *byte; byte++)
                        printf("%02x", *byte);
                printf("00");
        }
}

static void free_list(char **list) {
        for (char **item = list; item && *item; item++)
                free(*item);
        free(list);
}

static char **split_list(unsigned char *bytes, size_t size) {
        size_t count = 0;
        for (size_t i = 0; i < size; i++)
                count += bytes[i] == 0;
        char **list = calloc(count + 1, sizeof(char *));
        unsigned char *at = bytes;
        for (size_t i = 0; i < count; i++) {
                list[i] = (char *) at;
                at += strlen((char *) at) + 1;
        }
        return list;
}

/* Since 248 there are flags, and none is needed; before that style 1 was the one that systemctl used. */
static void print_quoted(quote_t quote, int version, char **strings) {
        for (char **string = strings; *string; string++) {
                char *quoted = quote(*string, version < 248 ? 1 : 0);
                for (unsigned char *byte = (unsigned char *) quoted; *byte; byte++)
                        printf("%02x", *byte);
                if (string[1])
                        printf("20");
                free(quoted);
        }
        printf("00\n");
}

int main(int argc, char **argv) {
        if (argc != 3)
                return 2;
        int version = atoi(argv[2]);
        void *library = dlopen(argv[1], RTLD_NOW);
        if (!library) {
                fprintf(stderr, "%s\n", dlerror());
                return 3;
        }
        load_env_file_t load_env_file = need(library, "load_env_file");
        clean_t clean = need(library, "strv_env_clean_with_callback");
        void *replace = need(library, "replace_env_argv");
        quote_t quote = need(library, "shell_maybe_quote");
        void (*set_max_level)(int) = dlsym(library, "log_set_max_level");
        if (set_max_level)
                set_max_level(0);

        char *line = NULL;
        size_t room = 0;
        ssize_t length;
        while ((length = getline(&line, &room, stdin)) > 0) {
                line[length - 1] = 0;
                char *second = strchr(line, ' ');
                *second++ = 0;
                size_t file_size, argv_size;
                unsigned char *list = unhex(second, &argv_size);
                if (strcmp(line, "QUOTE") == 0) {
                        char **strings = split_list(list, argv_size);
                        print_quoted(quote, version, strings);
                        fflush(stdout);
                        free(strings);
                        free(list);
                        continue;
                }
                unsigned char *file = unhex(line, &file_size);
                int fd = memfd_create("file", 0);
                if (write(fd, file, file_size) != (ssize_t) file_size || lseek(fd, 0, SEEK_SET) < 0)
                        return 4;
                FILE *stream = fdopen(fd, "r");
                char **entries = NULL;
                if (load_env_file(stream, NULL, &entries) < 0)
                        printf("E\n");
                else {
                        entries = clean(entries, NULL, NULL);
                        char **words = split_list(list, argv_size), **expanded = NULL;
                        if (version < 253)
                                expanded = ((replace_252_t) replace)(words, entries);
                        else
                                ((replace_253_t) replace)(words, entries, &expanded, NULL, NULL);
                        print_list(entries);
                        printf(" ");
                        print_list(expanded);
                        printf("\n");
                        free(words);
                        free_list(expanded);
                        free_list(entries);
                }
                fflush(stdout);
                fclose(stream);
                free(file);
                free(list);
        }
        return 0;
}
