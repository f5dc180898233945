/**
 * The part of etcd's v3 API about users and roles, with etcd's own authentication switched off as in Kubernetes.
 * @see etcd api/etcdserverpb/rpc.proto, service Auth
 */

const HEADER = [1, 'ResponseHeader'] as const;

export const AUTH_MESSAGES = {
  AuthRequest: {},
  AuthStatusResponse: { header: HEADER, enabled: [2, 'bool'], authRevision: [3, 'uint64'] },
  AuthenticateRequest: { name: [1, 'string'], password: [2, 'string'] },
  AuthNameRequest: { name: [1, 'string'] },
  AuthRoleRequest: { role: [1, 'string'] },
  AuthRolesResponse: { header: HEADER, roles: [2, 'string', 'repeated'] },
  AuthUsersResponse: { header: HEADER, users: [2, 'string', 'repeated'] },
} as const;

export const AUTH_RPCS = {
  '/etcdserverpb.Auth/AuthEnable': {
    request: 'AuthRequest',
    response: 'HeaderOnlyResponse',
    paths: ['/auth/enable'],
  },
  '/etcdserverpb.Auth/AuthDisable': {
    request: 'AuthRequest',
    response: 'HeaderOnlyResponse',
    paths: ['/auth/disable'],
  },
  '/etcdserverpb.Auth/AuthStatus': {
    request: 'AuthRequest',
    response: 'AuthStatusResponse',
    paths: ['/auth/status'],
  },
  '/etcdserverpb.Auth/Authenticate': {
    request: 'AuthenticateRequest',
    response: 'HeaderOnlyResponse',
    paths: ['/auth/authenticate'],
  },
  '/etcdserverpb.Auth/UserList': {
    request: 'AuthRequest',
    response: 'AuthUsersResponse',
    paths: ['/auth/user/list'],
  },
  '/etcdserverpb.Auth/UserGet': {
    request: 'AuthNameRequest',
    response: 'AuthRolesResponse',
    paths: ['/auth/user/get'],
  },
  '/etcdserverpb.Auth/UserDelete': {
    request: 'AuthNameRequest',
    response: 'HeaderOnlyResponse',
    paths: ['/auth/user/delete'],
  },
  '/etcdserverpb.Auth/RoleList': {
    request: 'AuthRequest',
    response: 'AuthRolesResponse',
    paths: ['/auth/role/list'],
  },
  '/etcdserverpb.Auth/RoleGet': {
    request: 'AuthRoleRequest',
    response: 'AuthRolesResponse',
    paths: ['/auth/role/get'],
  },
  '/etcdserverpb.Auth/RoleDelete': {
    request: 'AuthRoleRequest',
    response: 'HeaderOnlyResponse',
    paths: ['/auth/role/delete'],
  },
} as const;
