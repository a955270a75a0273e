/*
 * A container that has everything: processes in every state, files, sockets and memory of every
 * kind that CRIU can keep. The lab tests look at it while it lives, and find it again in its
 * checkpoint. What /proc does not tell, it prints:
 *
 *   memory NAME ADDRESS LENGTH FNV   bytes of process 1, and their 64-bit FNV-1a
 *   secret NAME ADDRESS              where a string of the test lies in process 1
 *   fd NAME FD                       a descriptor of process 1
 *   queued NAME COUNT                bytes that wait to be read from a connection
 *   process NAME PID                 a child
 *
 * With "titled" as its first argument it does nothing but change its title, into its environment.
 * With "other-ids" it has a process with other user IDs than root's, which CRIU can save only where
 * it has CAP_SYS_RESOURCE; otherwise only the IDs for files differ.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <grp.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

static long ok(long result, const char *call) {
  if (result < 0) {
    printf("failed: %s: %m\n", call);
    exit(1);
  }
  return result;
}
#define OK(call) ok((long)(call), #call)
#define MAPPED(length, protection, flags, fd) \
  (char *)OK(mmap(NULL, length, protection, flags, fd, 0))

static int told(const char *name, int fd) {
  printf("fd %s %d\n", name, fd);
  return fd;
}

static void put(int fd, const char *text) { OK(write(fd, text, strlen(text))); }

static void tell_memory(const char *name, const char *from, size_t length) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)from[i]) * 0x100000001b3;
  printf("memory %s %p %zu %016lx\n", name, from, length, hash);
}

static void fill(char *to, size_t length, uint64_t seed) {
  for (size_t i = 0; i < length; i++) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    to[i] = (char)(seed >> 56);
  }
}

/* The parts of a secret are nowhere else next to each other. */
static void hide(const char *name, char *to, int number) {
  sprintf(to, "%s-%04d-%s", "zoo-secret", number, "do-not-tell");
  printf("secret %s %p\n", name, to);
}

/* ---- files ---- */

static void plain_files(void) {
  int plain = told("plain", OK(open("/srv/plain.txt", O_RDWR | O_CREAT | O_APPEND, 0640)));
  put(plain, "0123456789abcdef0123456789abcdef");
  OK(lseek(plain, 4, SEEK_SET));
  OK(dup2(plain, 200));
  told("duplicate", 200);
  OK(fcntl(plain, F_DUPFD_CLOEXEC, 201));
  told("close_on_exec", 201);
  int other = told("description", OK(open("/srv/plain.txt", O_WRONLY | O_NONBLOCK)));
  OK(lseek(other, 9, SEEK_SET));
  told("readonly", OK(open("/etc/motd", O_RDONLY | O_NOATIME)));
  told("folder", OK(open("/var", O_RDONLY | O_DIRECTORY)));
  told("o_path", OK(open("/etc", O_PATH | O_DIRECTORY)));
  int deleted = told("deleted", OK(open("/srv/deleted.txt", O_RDWR | O_CREAT, 0600)));
  put(deleted, "deleted, and still open\n");
  OK(unlink("/srv/deleted.txt"));
  OK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, deleted, 0));
  int holes = told("holes", OK(open("/srv/holes", O_RDWR | O_CREAT, 0600)));
  OK(pwrite(holes, "behind a hole", 13, 100 * PAGE));
  OK(ftruncate(holes, 120 * PAGE));
  OK(unlink("/srv/holes"));
  put(told("tmpfs", OK(open("/scratch/notes.txt", O_RDWR | O_CREAT, 0644))), "in the tmpfs\n");
  put(told("shm", OK(open("/dev/shm/board", O_RDWR | O_CREAT, 0600))), "on the board\n");
}

static void locks(void) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 4, .l_len = 8};
  OK(fcntl(told("posix", OK(open("/srv/posix", O_RDWR | O_CREAT, 0600))), F_SETLK, &lock));
  lock.l_start = 0;
  lock.l_len = 0;
  lock.l_type = F_RDLCK;
  OK(fcntl(told("ofd", OK(open("/srv/ofd", O_RDWR | O_CREAT, 0600))), F_OFD_SETLK, &lock));
  OK(fcntl(told("lease", OK(open("/srv/lease", O_RDONLY | O_CREAT, 0600))), F_SETLEASE, F_RDLCK));
  OK(flock(told("flock", OK(open("/srv/flock", O_RDWR | O_CREAT, 0600))), LOCK_EX));
}

static void special_files(void) {
  int ends[2], more[2];
  OK(pipe(ends));
  put(ends[1], "in the pipe");
  told("pipe", ends[0]);
  OK(pipe2(more, O_NONBLOCK | O_CLOEXEC));
  OK(fcntl(more[1], F_SETPIPE_SZ, 4 * PAGE));
  told("empty_pipe", more[0]);
  OK(mkfifo("/srv/fifo", 0600));
  put(told("fifo", OK(open("/srv/fifo", O_RDWR))), "in the fifo");
  int event = told("eventfd", OK(eventfd(42, EFD_NONBLOCK)));
  struct itimerspec hours = {{60, 5000}, {36000, 0}};
  OK(timerfd_settime(told("timerfd", OK(timerfd_create(CLOCK_MONOTONIC, 0))), 0, &hours, NULL));
  told("idle_timerfd", OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK)));
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  sigaddset(&set, SIGRTMIN + 3);
  told("signalfd", OK(signalfd(-1, &set, SFD_CLOEXEC)));
  int epoll = told("epoll", OK(epoll_create1(0)));
  struct epoll_event first = {EPOLLIN | EPOLLET, {.u64 = 0x123456789abc}};
  struct epoll_event second = {EPOLLOUT | EPOLLONESHOT, {.fd = event}};
  OK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &first));
  OK(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &second));
  int watch = told("inotify", OK(inotify_init1(IN_NONBLOCK)));
  OK(inotify_add_watch(watch, "/scratch", IN_CREATE | IN_DELETE));
  OK(inotify_add_watch(watch, "/etc/motd", IN_ALL_EVENTS));
  int memfd = told("memfd", OK(memfd_create("aviary", MFD_ALLOW_SEALING)));
  OK(ftruncate(memfd, 3 * PAGE));
  char *birds = MAPPED(3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd);
  fill(birds, PAGE, 11);
  tell_memory("memfd", birds, 3 * PAGE);
  OK(fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
  told("namespace", OK(open("/proc/self/ns/uts", O_RDONLY)));
  told("pidfd", OK(syscall(SYS_pidfd_open, getpid(), 0)));
  int terminal = told("terminal", OK(posix_openpt(O_RDWR | O_NOCTTY)));
  OK(grantpt(terminal));
  OK(unlockpt(terminal));
  told("slave", OK(open(ptsname(terminal), O_RDWR | O_NOCTTY)));
}

/* ---- sockets ---- */

static struct sockaddr *at(const char *address, int port, socklen_t *length) {
  static struct sockaddr_in6 six;
  static struct sockaddr_in four;
  memset(&six, 0, sizeof six);
  memset(&four, 0, sizeof four);
  if (strchr(address, ':')) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    OK(inet_pton(AF_INET6, address, &six.sin6_addr) - 1);
    *length = sizeof six;
    return (struct sockaddr *)&six;
  }
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  OK(inet_pton(AF_INET, address, &four.sin_addr) - 1);
  *length = sizeof four;
  return (struct sockaddr *)&four;
}

static int inet(const char *name, int type, const char *address, int port, int v6only) {
  int one = 1, family = strchr(address, ':') ? AF_INET6 : AF_INET;
  int fd = told(name, OK(socket(family, type, 0)));
  OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
  if (v6only) OK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one));
  socklen_t length;
  struct sockaddr *where = at(address, port, &length);
  OK(bind(fd, where, length));
  if (type == SOCK_STREAM) OK(listen(fd, 16));
  return fd;
}

static int connected(const char *name, int type, const char *address, int port) {
  int small = 2 * PAGE;
  int fd = told(name, OK(socket(strchr(address, ':') ? AF_INET6 : AF_INET, type, 0)));
  OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  socklen_t length;
  struct sockaddr *where = at(address, port, &length);
  OK(connect(fd, where, length));
  return fd;
}

static void inet_sockets(void) {
  int one = 1, small = 2 * PAGE;
  int four = inet("tcp_listener", SOCK_STREAM, "0.0.0.0", 7001, 0);
  int six = inet("tcp6_listener", SOCK_STREAM, "::1", 7002, 1);
  int both = inet("tcp_both_listener", SOCK_STREAM, "::", 7003, 0);
  OK(setsockopt(four, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));

  int client = connected("tcp_client", SOCK_STREAM, "127.0.0.1", 7001);
  int server = told("tcp_server", OK(accept(four, NULL, NULL)));
  OK(setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one));
  OK(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  put(server, "to the client");
  char much[PAGE];
  memset(much, 'q', sizeof much);
  long sent = 0;
  for (ssize_t count = 1; count > 0; sent += count > 0 ? count : 0)
    count = send(client, much, sizeof much, MSG_DONTWAIT);
  printf("queued tcp_client %ld\n", sent);

  int client6 = connected("tcp6_client", SOCK_STREAM, "::1", 7002);
  told("tcp6_server", OK(accept(six, NULL, NULL)));
  put(client6, "over six");
  connected("tcp_mapped_client", SOCK_STREAM, "127.0.0.1", 7003);
  told("tcp_mapped_server", OK(accept(both, NULL, NULL)));

  int closing = connected("tcp_closing", SOCK_STREAM, "127.0.0.1", 7001);
  told("tcp_close_wait", OK(accept(four, NULL, NULL)));
  OK(shutdown(closing, SHUT_WR));

  inet("udp", SOCK_DGRAM, "0.0.0.0", 7053, 0);
  inet("udp6", SOCK_DGRAM, "::1", 7054, 1);
  connected("udp_connected", SOCK_DGRAM, "127.0.0.1", 7053);
}

static int named(const char *name, int type, const char *path, int abstract) {
  int fd = told(name, OK(socket(AF_UNIX, type, 0)));
  struct sockaddr_un where = {.sun_family = AF_UNIX};
  strcpy(where.sun_path + abstract, path);
  OK(bind(fd, (void *)&where, sizeof where.sun_family + abstract + strlen(path)));
  return fd;
}

static void pass(int socket, int fd, const char *text) {
  char room[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec part = {(void *)text, strlen(text)};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  struct cmsghdr *control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(control), &fd, sizeof fd);
  OK(sendmsg(socket, &message, 0));
}

static void unix_sockets(void) {
  int stream[2], datagram[2];
  OK(socketpair(AF_UNIX, SOCK_STREAM, 0, stream));
  told("stream_left", stream[0]);
  told("stream_right", stream[1]);
  put(stream[0], "left to right");
  OK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, datagram));
  told("datagram_left", datagram[0]);
  told("datagram_right", datagram[1]);
  put(datagram[0], "first packet");
  int passed = OK(open("/etc/passwd", O_RDONLY));
  pass(datagram[0], passed, "with a file");
  OK(close(passed));
  int listener = named("abstract_listener", SOCK_STREAM, "zoo/abstract", 1);
  OK(listen(listener, 5));
  int client = told("abstract_client", OK(socket(AF_UNIX, SOCK_STREAM, 0)));
  struct sockaddr_un where = {.sun_family = AF_UNIX};
  strcpy(where.sun_path + 1, "zoo/abstract");
  OK(connect(client, (void *)&where, sizeof where.sun_family + 1 + strlen("zoo/abstract")));
  told("abstract_server", OK(accept(listener, NULL, NULL)));
  put(client, "to the abstract one");
  OK(listen(named("path_listener", SOCK_SEQPACKET, "/srv/socket", 0), 3));
  named("path_datagram", SOCK_DGRAM, "/scratch/datagram", 0);
}

static void other_sockets(void) {
  int netlink = told("netlink", OK(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)));
  struct sockaddr_nl where = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_NEIGH};
  OK(bind(netlink, (void *)&where, sizeof where));
  told("packet", OK(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP))));
  told("raw", OK(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
}

/* ---- memory ---- */

static char *shared_memory;

static void memory(void) {
  const int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  char *pages = MAPPED(4 * PAGE, rw, anonymous, -1);
  fill(pages, 4 * PAGE, 1);
  OK(mprotect(pages, PAGE, PROT_NONE));
  hide("over_pages", pages + 2 * PAGE - 10, 1);
  hide("over_mappings", pages + 3 * PAGE - 10, 2);
  OK(mprotect(pages + 3 * PAGE, PAGE, PROT_READ));
  tell_memory("pages", pages + PAGE, 3 * PAGE);

  shared_memory = MAPPED(4 * PAGE, rw, MAP_SHARED | MAP_ANONYMOUS, -1);
  fill(shared_memory, PAGE, 2);
  hide("shared", shared_memory + PAGE - 10, 3);
  tell_memory("shared", shared_memory, 4 * PAGE);

  char bytes[3 * PAGE];
  fill(bytes, sizeof bytes, 3);
  int file = told("mapped", OK(open("/srv/mapped", O_RDWR | O_CREAT, 0600)));
  OK(write(file, bytes, sizeof bytes));
  char *private_file = MAPPED(3 * PAGE, rw, MAP_PRIVATE, file);
  private_file[PAGE] ^= 1;
  tell_memory("private_file", private_file + PAGE, PAGE);
  OK(mmap(NULL, 2 * PAGE, rw, MAP_SHARED, file, 0));
  OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, PAGE));

  char *code = MAPPED(PAGE, rw | PROT_EXEC, anonymous, -1);
  memset(code, 0xc3, 64);
  tell_memory("code", code, PAGE);

  char *large = MAPPED(16384 * PAGE, rw, anonymous, -1);
  fill(large + 8000 * PAGE, PAGE, 4);
  tell_memory("large", large + 7999 * PAGE, 3 * PAGE);

  char *board = MAPPED(PAGE, rw, MAP_SHARED, OK(open("/dev/shm/board", O_RDWR)));
  tell_memory("board", board, PAGE);

  char *segment = shmat(OK(shmget(0x5a00, 2 * PAGE, IPC_CREAT | 0600)), NULL, 0);
  fill(segment, PAGE, 5);
  tell_memory("segment", segment, 2 * PAGE);
}

/* ---- processes ---- */

static char *title_start, *arguments_end;

/* The title in place of the arguments; what is behind it becomes zero, up to `end` at least. */
static void set_title(const char *title) {
  size_t length = strlen(title), room = arguments_end - title_start;
  memset(title_start, 0, room);
  memcpy(title_start, title, length + 1);
}

static void set_long_title(const char *behind) {
  size_t room = arguments_end - title_start;
  memset(title_start, 'x', room);
  memcpy(title_start, "zoo: ", 5);
  strcpy(arguments_end, behind);
}

static void on_signal(int number) { (void)number; }

static int ready[2];

static void rest(void) {
  put(ready[1], ".");
  for (;;) pause();
}

/* Fork; the parent gets the PID when the child says that it is as it shall be. */
#define CHILD(name, ...)                    \
  do {                                      \
    pid_t pid = OK(fork());                 \
    if (!pid) {                             \
      OK(prctl(PR_SET_NAME, name));         \
      __VA_ARGS__;                          \
      rest();                               \
    }                                       \
    char byte;                              \
    OK(read(ready[0], &byte, 1));           \
    printf("process %s %d\n", name, pid);   \
  } while (0)

static int other_ids;

static void without_rights(void) {
  const gid_t groups[] = {7, 77, 70000};
  const struct rlimit files = {100, 200}, core = {0, RLIM_INFINITY};
  OK(setsid());
  OK(setrlimit(RLIMIT_NOFILE, &files));
  OK(setrlimit(RLIMIT_CORE, &core));
  OK(prctl(PR_CAPBSET_DROP, CAP_CHOWN));
  OK(setgroups(3, groups));
  OK(prctl(PR_SET_KEEPCAPS, 1));
  if (other_ids) {
    OK(setresgid(1002, 1003, 1004));
    OK(setresuid(1001, 1011, 1021));
  } else {
    setfsgid(1005);
    setfsuid(1031);
  }
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  const unsigned bind = 1 << CAP_NET_BIND_SERVICE, kill = 1 << CAP_KILL;
  struct __user_cap_data_struct sets[2] = {{bind, bind | kill, bind}};
  OK(syscall(SYS_capset, &head, sets));
  OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0));
  OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  OK(prctl(PR_SET_PDEATHSIG, SIGTERM));
  OK(setpriority(PRIO_PROCESS, 0, 5));
  OK(chdir("/var"));
  umask(027);
  set_long_title("runs=over");
}

static void with_timers(void) {
  static char stack[1 << 16];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
  struct itimerval interval = {{10, 250000}, {7200, 0}};
  struct itimerspec hours = {{5, 0}, {7200, 0}};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
  timer_t timer;
  sigset_t blocked;
  OK(setpgid(0, 0));
  OK(sigaltstack(&alternate, NULL));
  sigaddset(&action.sa_mask, SIGTERM);
  OK(sigaction(SIGUSR1, &action, NULL));
  OK(sigaction(SIGRTMIN + 1, &action, NULL));
  signal(SIGPIPE, SIG_IGN);
  OK(setitimer(ITIMER_REAL, &interval, NULL));
  OK(timer_create(CLOCK_BOOTTIME, &event, &timer));
  OK(timer_settime(timer, 0, &hours, NULL));
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigaddset(&blocked, SIGALRM);
  sigaddset(&blocked, SIGRTMIN + 4);
  OK(sigprocmask(SIG_BLOCK, &blocked, NULL));
  OK(kill(getpid(), SIGUSR2));
  OK(syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN + 4));
  OK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
  int score = OK(open("/proc/self/oom_score_adj", O_WRONLY));
  put(score, "123");
  OK(close(score));
}

static void share_files(void) {
  long pid = OK(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
  if (!pid) {
    OK(prctl(PR_SET_NAME, "sharer"));
    rest();
  }
  char byte;
  OK(read(ready[0], &byte, 1));
  printf("process sharer %ld\n", pid);
}

static void stop_and_end(void) {
  siginfo_t info;
  pid_t stopped = OK(fork());
  if (!stopped) {
    OK(prctl(PR_SET_NAME, "stopped) R (1"));
    raise(SIGSTOP);
    for (;;) pause();
  }
  OK(waitid(P_PID, stopped, &info, WSTOPPED | WNOWAIT));
  printf("process stopped %d\n", stopped);
  pid_t zombie = OK(fork());
  if (!zombie) _exit(7);
  OK(waitid(P_PID, zombie, &info, WEXITED | WNOWAIT));
  printf("process zombie %d\n", zombie);
}

static void run_program(void) {
  CHILD("grandparent", {
    pid_t pid = OK(fork());
    if (!pid) {
      int empty[2];
      OK(pipe(empty));
      OK(dup2(empty[0], 0));
      char *arguments[] = {"sh", "-c", "read line", "", "two  words", "", NULL};
      char *environment[] = {"PATH=/bin", "EMPTY=", "TWO=one=two", "TWO=again", "NAME=sh\xc3\xb6p",
                             NULL};
      execve("/bin/sh", arguments, environment);
      _exit(1);
    }
    char name[64], found[16] = "";
    snprintf(name, sizeof name, "/proc/%d/comm", pid);
    while (strncmp(found, "sh\n", 3)) {
      int comm = OK(open(name, O_RDONLY));
      OK(read(comm, found, sizeof found));
      OK(close(comm));
    }
  });
}

static pthread_barrier_t started;

static void *thread(void *name) {
  OK(prctl(PR_SET_NAME, name));
  if (!strcmp(name, "batch thread")) {
    struct sched_param none = {0};
    OK(sched_setscheduler(0, SCHED_BATCH, &none));
    OK(setpriority(PRIO_PROCESS, 0, 10));
  }
  pthread_barrier_wait(&started);
  for (;;) pause();
  return NULL;
}

static void threads(void) {
  pthread_t one, two;
  pthread_barrier_init(&started, NULL, 3);
  OK(-pthread_create(&one, NULL, thread, "batch thread"));
  OK(-pthread_create(&two, NULL, thread, "other thread"));
  pthread_barrier_wait(&started);
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  title_start = arguments[0];
  arguments_end = arguments[count - 1] + strlen(arguments[count - 1]) + 1;
  if (count > 1 && !strcmp(arguments[1], "titled")) {
    set_long_title("over the environment");
    puts("ready");
    for (;;) pause();
  }
  other_ids = count > 1 && !strcmp(arguments[1], "other-ids");
  OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
  plain_files();
  memory();
  special_files();
  inet_sockets();
  unix_sockets();
  other_sockets();
  OK(pipe2(ready, O_CLOEXEC));
  CHILD("without rights", without_rights());
  CHILD("timers", with_timers());
  run_program();
  stop_and_end();
  share_files();
  locks();
  threads();
  set_title("zoo: keeper of all");
  OK(prctl(PR_SET_NAME, "keeper"));
  puts("ready");
  for (;;) pause();
}
