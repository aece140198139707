/* A server of DICOMweb for benchmarks: it reports every instance as stored, and keeps none.
   cc -O2 -pthread -o store_sink store_sink.c; ./store_sink SIZE MILLISECONDS prints its port.
   SIZE is that of every file in bytes, so that most of a body need not be looked at; MILLISECONDS pass between a
   request and its answer. The data sets have to be explicit VR, little endian. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM (256 << 10) /* bytes of a body that are kept at a time; few, so that they stay near the processor */
#define NEAR 4096        /* how far an identifier stands from the beginning of its part at most */
#define MOST 1000        /* instances in a request at most */
#define ENTRY 512        /* bytes of JSON for each of them at most */

static long size, milliseconds;

/* Report the instance whose part begins at `part`; give how far it is from there to the next one, 0 for none. */
static long report(const char *part, long length, char *json, long *written) {
  const char *dicm = memmem(part, length, "DICM", 4);
  const char *uid = dicm ? memmem(dicm, part + length - dicm, "\x08\0\x18\0UI", 6) : NULL;
  if (!uid) return 0;
  int octets = (unsigned char)uid[6] | (unsigned char)uid[7] << 8;
  while (octets && !uid[7 + octets]) octets--;
  *written += sprintf(json + *written,
      "%s{\"00081150\":{\"vr\":\"UI\",\"Value\":[\"1.2.840.10008.5.1.4.1.1.2\"]},"
      "\"00081155\":{\"vr\":\"UI\",\"Value\":[\"%.*s\"]},"
      "\"00081190\":{\"vr\":\"UR\",\"Value\":[\"http://127.0.0.1/dicom-web/instances/%.*s\"]}}",
      json[*written - 1] == '[' ? "" : ",", octets, uid + 8, octets, uid + 8);
  return dicm - part + size - 132;
}

static void *converse(void *argument) {
  int peer = (int)(long)argument;
  char *room = malloc(ROOM + 1), *answer = malloc(256 + MOST * ENTRY), *json = answer + 256;
  for (;;) {
    long filled = 0, at, skipped = 0;
    char *end = NULL;
    while (!end) {
      long more = filled < ROOM ? recv(peer, room + filled, ROOM - filled, 0) : 0;
      if (more <= 0) goto over;
      filled += more;
      end = memmem(room, filled, "\r\n\r\n", 4);
    }
    *end = 0;
    char *field = strcasestr(room, "\r\ncontent-length:");
    at = end + 4 - room;
    long left = (field ? atol(field + 17) : 0) - (filled - at);
    long written = sprintf(json, "{\"00081199\":{\"vr\":\"SQ\",\"Value\":[");
    for (int parts = 0;;) {
      long passed = skipped < filled - at ? skipped : filled - at;
      at += passed;
      skipped -= passed;
      if (!skipped && at < filled && (!left || filled - at >= NEAR)) {
        long length = filled - at < NEAR ? filled - at : NEAR;
        skipped = parts++ < MOST ? report(room + at, length, json, &written) : 0;
        if (!skipped) skipped = left + filled - at;
        continue;
      }
      if (!left) break;
      memmove(room, room + at, filled - at);
      filled -= at;
      at = 0;
      long more = recv(peer, room + filled, left < ROOM - filled ? left : ROOM - filled, 0);
      if (more <= 0) goto over;
      filled += more;
      left -= more;
    }
    written += sprintf(json + written, "]}}");
    if (milliseconds) usleep(milliseconds * 1000);
    long head = snprintf(answer, 256,
        "HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: %ld\r\n\r\n", written);
    memmove(answer + head, json, written);
    if (send(peer, answer, head + written, MSG_NOSIGNAL) < 0) goto over;
  }
over:
  close(peer);
  free(room);
  free(answer);
  return NULL;
}

int main(int count, char **words) {
  if (count != 3) return 2;
  size = atol(words[1]);
  milliseconds = atol(words[2]);
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 64)) return 1;
  getsockname(listener, (void *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    pthread_t thread;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_create(&thread, NULL, converse, (void *)(long)peer);
    pthread_detach(thread);
  }
}
