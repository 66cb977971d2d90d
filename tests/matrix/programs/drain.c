/* Copyright (c) 2026, rxpath.linux contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UDP reader. Says "ready", reads until SIGTERM, then empties its queue without the work and prints
 * what it received as one line of JSON. drain.py takes the same arguments.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#define NUMBERS (1u << 23)

static volatile sig_atomic_t ending;
static int fd = -1, batch_fd = -1, segment_size;
static uint64_t received, datagrams, distinct;
static unsigned char seen[NUMBERS / 8];
static char space[65536];

static void stop(int signal) { (void)signal; ending = 1; }
static void die(const char *what) { perror(what); exit(2); }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }

static void spin(double seconds)
{
    for (double until = now() + seconds; !ending && now() < until;);
}

static void rest(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    while (!ending && nanosleep(&t, &t) && errno == EINTR);
}

static void note(const char *data, ssize_t size)
{
    uint64_t number;
    if (size < 8) return;
    memcpy(&number, data, 8);
    number = be64toh(number);
    if (number < NUMBERS && !(seen[number / 8] & (1 << number % 8))) { seen[number / 8] |= 1 << number % 8; distinct++; }
}

/* One receive call: a datagram, or with UDP_GRO as many segments as the kernel coalesced. */
static int take(int flags)
{
    char control[64];
    struct iovec vector = {space, sizeof space};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t size = recvmsg(fd, &message, flags);
    if (size < 0) return 0;
    int segment = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) memcpy(&segment, CMSG_DATA(c), sizeof segment);
    received++;
    if (!segment) { datagrams++; note(space, size); return 1; }
    segment_size = segment;
    for (ssize_t at = 0; at < size; at += segment) { datagrams++; note(space + at, size - at); }
    return 1;
}

int main(int argc, char **argv)
{
    const char *address = "0.0.0.0", *join = NULL, *device = NULL;
    char mode = 'r';
    int port = 5300, asked = 0, forced = 0, gro = 0, shared = 0, only = -1, downstream = -1, quiet = 0, option, one = 1;
    double work = 0, pause = 0, cycle = 0, live = 0;
    while ((option = getopt(argc, argv, "a:p:B:F:w:P:C:M:gRj:i:6:d:l:q")) != -1) switch (option) {
        case 'a': address = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'B': asked = atoi(optarg); break;   /* SO_RCVBUF */
        case 'F': forced = atoi(optarg); break;  /* SO_RCVBUFFORCE */
        case 'w': work = atof(optarg) / 1e6; break;  /* busy microseconds a datagram */
        case 'P': pause = atof(optarg) / 1e3; break; /* asleep for this many ms ... */
        case 'C': cycle = atof(optarg) / 1e3; break; /* ... of each so many */
        case 'M': mode = optarg[0]; break;       /* r recvmsg, e epoll, p poll, n never reads */
        case 'g': gro = 1; break;
        case 'R': shared = 1; break;
        case 'j': join = optarg; break;
        case 'i': device = optarg; break;
        case '6': only = atoi(optarg); break;    /* IPV6_V6ONLY */
        case 'd': downstream = atoi(optarg); break; /* a descriptor that gets 64 bytes for each datagram */
        case 'l': live = atof(optarg); break;    /* close the socket after so many seconds */
        case 'q': quiet = 1; break;              /* do not empty the queue at the end */
        default: return 2;
    }
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    if ((fd = socket(family, SOCK_DGRAM, 0)) < 0) die("socket");
    if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (join) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (asked && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &asked, sizeof asked)) die("SO_RCVBUF");
    if (forced && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &forced, sizeof forced)) die("SO_RCVBUFFORCE");
    if (gro && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one)) die("UDP_GRO");
    if (only >= 0) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    if (family == AF_INET) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
        if (inet_pton(AF_INET, address, &a.sin_addr) != 1 || bind(fd, (void *)&a, sizeof a)) die("bind");
    } else {
        struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        if (inet_pton(AF_INET6, address, &a.sin6_addr) != 1 || bind(fd, (void *)&a, sizeof a)) die("bind");
    }
    if (join) {
        struct ip_mreqn group = {.imr_ifindex = (int)if_nametoindex(device)};
        inet_pton(AF_INET, join, &group.imr_multiaddr);
        if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group)) die("IP_ADD_MEMBERSHIP");
    }
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    if (mode == 'e') {
        struct epoll_event event = {.events = EPOLLIN};
        batch_fd = epoll_create1(0);
        epoll_ctl(batch_fd, EPOLL_CTL_ADD, fd, &event);
    }
    printf("ready\n"); fflush(stdout);
    double born = now();
    char record[64] = {0};
    while (!ending) {
        if (live && now() - born > live) { close(fd); fd = -1; while (!ending) pause ? rest(0.1) : rest(0.1); break; }
        if (mode == 'n') { rest(0.05); continue; }
        if (cycle) {
            double at = now(), part = at - (long)(at / cycle) * cycle;
            if (part < pause) { rest(pause - part); continue; }
        }
        int got = 0;
        if (mode == 'e') {
            struct epoll_event event;
            if (epoll_wait(batch_fd, &event, 1, 100) <= 0) continue;
            while (got < 32 && take(MSG_DONTWAIT)) { got++; if (work) spin(work); }
        } else {
            struct pollfd wait = {fd, POLLIN, 0};
            if ((mode == 'p' || cycle || live) && poll(&wait, 1, 20) <= 0) continue;
            got = take(mode == 'p' || cycle || live ? MSG_DONTWAIT : 0);
            if (got && work) spin(work);
        }
        for (int i = 0; downstream >= 0 && i < got && !ending; i++)
            if (write(downstream, record, sizeof record) < 0) break;
    }
    uint64_t before = received;
    if (fd >= 0 && !quiet) while (take(MSG_DONTWAIT));
    printf("{\"received\": %llu, \"datagrams\": %llu, \"distinct\": %llu, \"left\": %llu, \"segment\": %d}\n",
           (unsigned long long)received, (unsigned long long)datagrams, (unsigned long long)distinct,
           (unsigned long long)(received - before), segment_size);
    return 0;
}
