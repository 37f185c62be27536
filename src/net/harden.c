/* SPDX-License-Identifier: Apache-2.0
 *
 * harden: prctl(2), setrlimit(2) and the change of user, each checked. */
#include "net/harden.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int harden_process(struct aver_error *err)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return aver_fail(err, AVER_EIO, "cannot forbid core files: %s",
                         strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return aver_fail(err, AVER_EIO,
                         "cannot make this process undumpable: %s",
                         strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return aver_fail(err, AVER_EIO, "cannot set no_new_privs: %s",
                         strerror(errno));
    return 0;
}

int harden_find_user(const char *user, uid_t *uid, gid_t *gid,
                     struct aver_error *err)
{
    char space[4096];
    struct passwd entry, *found = NULL;
    const char *name = user ? user : "aver";
    int rc = getpwnam_r(name, &entry, space, sizeof(space), &found);
    if (!found && !user) {
        name = "nobody";
        rc = getpwnam_r(name, &entry, space, sizeof(space), &found);
    }
    if (!found)
        return aver_fail(err, AVER_EABSENT, "user %.64s: %s", name,
                         rc ? strerror(rc) : "there is no such user");
    if (found->pw_uid == 0 || found->pw_gid == 0)
        return aver_fail(err, AVER_ECONFIG, "user %.64s is root", name);
    *uid = found->pw_uid;
    *gid = found->pw_gid;
    return 0;
}

int harden_drop_user(const char *user, struct aver_error *err)
{
    if (geteuid() != 0)
        return 0;
    uid_t uid;
    gid_t gid;
    if (harden_find_user(user, &uid, &gid, err) != 0)
        return -1;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
        setresuid(uid, uid, uid) != 0)
        return aver_fail(err, AVER_EIO, "cannot become uid %u gid %u: %s",
                         (unsigned)uid, (unsigned)gid, strerror(errno));
    if (setresuid(0, 0, 0) == 0)
        return aver_fail(err, AVER_EIO, "root could be regained");
    return 0;
}

void harden_name(const char *comm)
{
    /* Fails for a bad address alone. */
    (void)prctl(PR_SET_NAME, comm, 0, 0, 0);
}
