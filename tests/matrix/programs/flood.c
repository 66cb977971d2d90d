/* Copyright (c) 2026, rxpath.linux contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Paced sender of numbered datagrams: every PERIOD a burst, TICKS times; waits for a line on stdin
 * before the first, prints what it sent as one line of JSON. flood.py takes the same arguments.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static void die(const char *what) { perror(what); exit(2); }
static double now(clockid_t id) { struct timespec t; clock_gettime(id, &t); return t.tv_sec + t.tv_nsec / 1e9; }

int main(int argc, char **argv)
{
    const char *to = "127.0.0.1", *from = NULL, *device = NULL, *query = NULL;
    int port = 5300, size = 64, burst = 1, ticks = 1, flows = 1, segments = 0, batch = BATCH, option;
    long period_us = 1000;
    uint64_t first = 0;
    while ((option = getopt(argc, argv, "a:p:f:s:b:e:n:F:g:m:i:o:q:")) != -1) switch (option) {
        case 'a': to = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'f': from = optarg; break;
        case 's': size = atoi(optarg); break;
        case 'b': burst = atoi(optarg); break;
        case 'e': period_us = atol(optarg); break;
        case 'n': ticks = atoi(optarg); break;
        case 'F': flows = atoi(optarg); break;
        case 'g': segments = atoi(optarg); break;
        case 'm': batch = atoi(optarg) > BATCH ? BATCH : atoi(optarg); break;
        case 'i': device = optarg; break;
        case 'o': first = strtoull(optarg, NULL, 10); break; /* number of the first datagram */
        case 'q': query = optarg; break; /* a datagram in hex; its first two bytes become the number */
        default: return 2;
    }
    if (query) size = (int)strlen(query) / 2;
    struct sockaddr_storage dst = {0};
    struct sockaddr_in *v4 = (void *)&dst;
    struct sockaddr_in6 *v6 = (void *)&dst;
    socklen_t length;
    int family = strchr(to, ':') ? AF_INET6 : AF_INET;
    if (family == AF_INET) {
        v4->sin_family = AF_INET; v4->sin_port = htons(port); length = sizeof *v4;
        if (inet_pton(AF_INET, to, &v4->sin_addr) != 1) die("address");
    } else {
        v6->sin6_family = AF_INET6; v6->sin6_port = htons(port); length = sizeof *v6;
        if (inet_pton(AF_INET6, to, &v6->sin6_addr) != 1) die("address");
        if (device) v6->sin6_scope_id = if_nametoindex(device);
    }
    int *socks = calloc(flows, sizeof *socks), buffer = 8 << 20;
    for (int i = 0; i < flows; i++) {
        if ((socks[i] = socket(family, SOCK_DGRAM, 0)) < 0) die("socket");
        setsockopt(socks[i], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
        if (device) {
            struct ip_mreqn out = {.imr_ifindex = (int)if_nametoindex(device)};
            if (family == AF_INET) setsockopt(socks[i], IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out);
        }
        if (from) {
            struct sockaddr_storage src = {0};
            src.ss_family = family;
            if (family == AF_INET) inet_pton(family, from, &((struct sockaddr_in *)&src)->sin_addr);
            else inet_pton(family, from, &((struct sockaddr_in6 *)&src)->sin6_addr);
            if (bind(socks[i], (void *)&src, length)) die("bind");
        }
        if (segments > 1 && setsockopt(socks[i], IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size)) die("UDP_SEGMENT");
    }
    int per = segments > 1 ? segments : 1;
    char *space = calloc(BATCH, (size_t)size * per);
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    memset(messages, 0, sizeof messages);
    for (int i = 0; query && i < BATCH; i++)
        for (int k = 0; k < size; k++) {
            unsigned int byte = 0;
            sscanf(query + 2 * k, "%2x", &byte);
            space[(size_t)i * size * per + k] = (char)byte;
        }
    for (int i = 0; i < BATCH; i++) {
        vectors[i].iov_base = space + (size_t)i * size * per; vectors[i].iov_len = (size_t)size * per;
        messages[i].msg_hdr.msg_iov = &vectors[i]; messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = &dst; messages[i].msg_hdr.msg_namelen = length;
    }
    printf("ready\n"); fflush(stdout);
    if (getchar() == EOF) return 1;
    uint64_t number = first, refused = 0;
    int flow = 0;
    double late = 0, started = now(CLOCK_REALTIME);
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (int tick = 0; tick < ticks; tick++) {
        double behind = now(CLOCK_MONOTONIC) - (due.tv_sec + due.tv_nsec / 1e9);
        if (behind > late) late = behind;
        for (int left = burst; left > 0;) {
            int want = left < batch ? left : batch, sent = 0;
            for (int i = 0; i < want; i++)
                for (int k = 0; k < per; k++) {
                    uint64_t tag = htobe64(number + (uint64_t)i * per + k);
                    char *at = space + ((size_t)i * per + k) * size;
                    if (query) memcpy(at, (char *)&tag + 6, 2);
                    else if (size >= 8) memcpy(at, &tag, 8);
                }
            while (sent < want) {
                int n = sendmmsg(socks[flow], messages + sent, want - sent, 0);
                if (n > 0) sent += n;
                else if (errno == ECONNREFUSED || errno == EINTR) continue;
                else { refused += per; sent++; }
            }
            number += (uint64_t)want * per;
            left -= want;
            flow = (flow + 1) % flows;
        }
        due.tv_nsec += period_us % 1000000 * 1000; due.tv_sec += period_us / 1000000;
        if (due.tv_nsec >= 1000000000) { due.tv_nsec -= 1000000000; due.tv_sec++; }
        if (tick + 1 < ticks) while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR);
    }
    printf("{\"sent\": %llu, \"refused\": %llu, \"started\": %.6f, \"ended\": %.6f, \"late\": %.6f}\n",
           (unsigned long long)(number - first - refused), (unsigned long long)refused, started, now(CLOCK_REALTIME), late);
    return 0;
}
