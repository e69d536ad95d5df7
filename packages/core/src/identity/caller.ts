/** Who is calling, as a virtual key or the host's own login says. A request header can never change it. */
export interface Caller {
  /** Stable id of the caller, for records and limits: the key's name, or the host's own user id. */
  readonly id: string
  /** Nothing crosses the border between two tenants. */
  readonly tenant?: string
  readonly team?: string
  readonly user?: string
  /** Part of the host application the call is made for. */
  readonly feature?: string
  /** Routes this caller may use. Absent: all. */
  readonly routes?: readonly string[]
  /** Models this caller may use, as `provider/model` or `provider/*`. Absent: all, unless `routes` is given. */
  readonly models?: readonly string[]
}
