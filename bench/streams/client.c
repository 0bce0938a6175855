/* Many readers of a WebSocket in one thread: epoll, no masking of what is received, no copies.

   client PORT READERS REQUEST SUBSCRIBE: REQUEST and SUBSCRIBE are files whose bytes each reader
   sends, the second after the answer to the first. Says `ready`, then counts text frames that
   hold `"ns":<monotonic nanoseconds>` until stdin ends, and prints one line of JSON. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM (1 << 17)
#define MOST (40 * 1000 * 1000)
struct reader { int socket; int open; size_t used; unsigned char *data; };
static struct reader *readers;
static char request[4096], subscribe[4096];
static size_t request_size, subscribe_size;
static uint32_t *late_us;
static size_t count, subscribed;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}
static size_t load(const char *path, char *into) {
    FILE *file = fopen(path, "rb");
    size_t size = fread(into, 1, 4096, file);
    fclose(file);
    return size;
}
static void take(const unsigned char *text, size_t size, uint64_t now) {
    size_t head = size < 24 ? size : 24;
    if (memmem(text, head, "\"snapshot\"", 10)) { subscribed++; return; }
    const unsigned char *found = memmem(text, size, "\"ns\":", 5);
    if (!found) return;
    uint64_t said = strtoull((const char *)found + 5, NULL, 10);
    if (count < MOST) late_us[count] = (uint32_t)((now - said) / 1000);
    count++;
}
static void parse(struct reader *r, uint64_t now) {
    size_t at = 0;
    if (!r->open) {
        unsigned char *end = memmem(r->data, r->used, "\r\n\r\n", 4);
        if (!end) return;
        r->open = 1;
        at = end + 4 - r->data;
        if (write(r->socket, subscribe, subscribe_size) < 0) exit(3);
    }
    while (r->used - at >= 2) {
        size_t size = r->data[at + 1], head = 2;
        if (size == 126) {
            if (r->used - at < 4) break;
            size = r->data[at + 2] << 8 | r->data[at + 3]; head = 4;
        } else if (size == 127) {
            if (r->used - at < 10) break;
            size = 0; head = 10;
            for (int i = 2; i < 10; i++) size = size << 8 | r->data[at + i];
        }
        if (r->used - at < head + size) break;
        take(r->data + at + head, size, now);
        at += head + size;
    }
    memmove(r->data, r->data + at, r->used - at);
    r->used -= at;
}
static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}
int main(int argc, char **argv) {
    (void)argc;
    int number = atoi(argv[2]), ready = 0, poller = epoll_create1(0);
    request_size = load(argv[3], request);
    subscribe_size = load(argv[4], subscribe);
    late_us = malloc(sizeof(uint32_t) * MOST);
    readers = calloc(number, sizeof(struct reader));
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < number; i++) {
        struct reader *r = &readers[i];
        r->data = malloc(ROOM);
        r->socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(r->socket, (struct sockaddr *)&place, sizeof place)) return 4;
        if (write(r->socket, request, request_size) < 0) return 5;
        fcntl(r->socket, F_SETFL, O_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = r};
        epoll_ctl(poller, EPOLL_CTL_ADD, r->socket, &event);
    }
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);
    for (int done = 0; !done;) {
        int found = epoll_wait(poller, events, 512, -1);
        for (int i = 0; i < found; i++) {
            struct reader *r = events[i].data.ptr;
            if (!r) { done = 1; continue; }
            ssize_t got = read(r->socket, r->data + r->used, ROOM - r->used);
            if (got == 0 || (got < 0 && errno != EAGAIN)) return 6;
            if (got > 0) { r->used += got; parse(r, now_ns()); }
        }
        if (!ready && subscribed >= (size_t)number) { ready = 1; puts("ready"); fflush(stdout); }
    }
    size_t kept = count < MOST ? count : MOST;
    qsort(late_us, kept, sizeof(uint32_t), compare);
    printf("{\"count\": %zu, \"p50_us\": %u, \"p99_us\": %u}\n", count,
           kept ? late_us[kept / 2] : 0, kept ? late_us[kept * 99 / 100] : 0);
    return 0;
}
