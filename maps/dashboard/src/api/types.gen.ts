// Made from the server's OpenAPI description by scripts/api-types.ts; do not edit.
// To make it anew: npm run types (docs/dashboard.md).

/** The age of what somebody sees of a layer, in whole days. */
export interface Age {
  readonly layer: string;
  /** Last change of a row the caller sees; null: there is none */
  readonly as_of: string | null;
  /** Whole days since then */
  readonly age_days: number | null;
  /** Days until it counts as old; null: never */
  readonly expected_days: number | null;
  readonly state: State;
  readonly says: Text;
}

/** People by age band. */
export interface Ages {
  readonly count: number;
  readonly by_age: Readonly<Record<string, number>>;
}

/** Origin by origin at a threshold: floods foreseen and missed, alarms without a flood. */
export interface AlarmsTold {
  readonly level_m: number;
  readonly hits: number;
  readonly misses: number;
  readonly false_alarms: number;
  readonly persistence_hits: number;
  readonly persistence_false_alarms: number;
}

/** When the water comes, how sure that is, how old what it rests on is, and past skill. Leads count from `origin`, the last good reading when the forecast was made. */
export interface ArrivalAnswer {
  readonly id: string;
  readonly kind?: "arrival";
  readonly computed_at: string;
  readonly computing_ms?: number;
  /** Position of the town's data it was read at */
  readonly pos: number;
  /** The time it was: an exercise's own while one is open */
  readonly clock: string;
  readonly gauge: string;
  readonly now: LevelNow;
  readonly forecast_id: number | null;
  readonly made_at: string | null;
  readonly origin: string | null;
  readonly forecast: readonly ForecastPoint[];
  readonly crossings: readonly CrossingTold[];
  /** At 24 h, or the lead nearest to it */
  readonly skill: LeadSkill | null;
  readonly skill_by_lead: readonly LeadSkill[];
  readonly model_version: string | null;
  readonly trained_from: string | null;
  readonly trained_to: string | null;
  /** The fit the forecast was made with */
  readonly fit_id?: number | null;
  /** When that fit was made */
  readonly fitted_at?: string | null;
  readonly inputs: readonly ArrivalInput[];
  readonly caveats: readonly string[];
  readonly exercise: boolean;
  readonly recomputed?: Recomputed | null;
}

/** A gauge above: how old its word is, how long its water takes, whether it was used. */
export interface ArrivalInput {
  readonly gauge: string;
  readonly age_s: number | null;
  readonly lag_h: readonly [number, number] | null;
  readonly lag_source: "staff" | "estimated" | null;
  readonly used: boolean;
  readonly rain?: RainSignTold | null;
}

/** Which gauge, how far ahead, and as known when. */
export interface ArrivalRequest {
  /** Code of a river or tide gauge */
  readonly gauge: string;
  /** Hours ahead that are wanted */
  readonly horizon_h?: number;
  /** What was known, and told, at this time */
  readonly as_of?: string | null;
}

/** People in care who are dry and have no way out, and facilities. See `care_locations`. */
export interface CareCutOff {
  readonly count: number;
  readonly by_class: Readonly<Record<string, number>>;
  readonly by_need?: Readonly<Record<string, number>> | null;
  readonly unknown: number;
  readonly suppressed: boolean;
}

/** People in care and facilities. `suppressed`: homes the caller may not see are left out. */
export interface CareLocations {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly by_class: Readonly<Record<string, number>>;
  readonly suppressed: boolean;
  /** What they need; only for those who may see needs */
  readonly by_need?: Readonly<Record<string, number>> | null;
}

/** One thing that has to be in order. */
export interface Check {
  readonly ok: boolean;
  /** What is wrong and what to do about it */
  readonly reason?: string | null;
}

/** A secret for an authenticator app; in force once its first code is sent with the proof. */
export interface CodeOffer {
  /** Base32, to be typed into an app that reads no address */
  readonly secret: string;
  /** otpauth address, to be shown as a QR code */
  readonly uri: string;
  /** Send it back with the first code within 15 minutes */
  readonly proof: string;
}

/** The first code of a secret that was offered. */
export interface CodeProof {
  readonly proof: string;
  /** 6-digit one-time code */
  readonly code: string;
}

/** What a flood touches in one community; the code is null for what lies in none. A thing the town has no data of, or the caller may not count, is absent. */
export interface Community {
  readonly code: string | null;
  readonly name: string | null;
  readonly name_en: string | null;
  readonly people?: Ages | null;
  readonly households?: number | null;
  /** Null where the depth indoors of everybody is unknown */
  readonly displaced?: number | null;
  readonly displaced_unknown?: number | null;
  readonly houses?: number | null;
  readonly parcels?: number | null;
  /** People in care by band */
  readonly care?: Readonly<Record<string, number>> | null;
}

/** One community's people by reach; null: houses in no community. */
export interface CommunityCovered {
  readonly community: string | null;
  /** null: nobody has counted any of them */
  readonly people: CountsByReach | null;
  readonly households: HouseholdsByReach;
  readonly by_age: Readonly<Record<string, CountsByReach>> | null;
}

/** What is cut off in one community; the code is null for what lies in none. */
export interface CommunityCutOff {
  readonly code: string | null;
  readonly name: string | null;
  readonly name_en: string | null;
  readonly houses?: number | null;
  readonly people?: Ages | null;
  readonly households?: number | null;
  /** People in care by band */
  readonly care?: Readonly<Record<string, number>> | null;
}

/** How many of a community go to which shelter; null where they have none. */
export interface CommunityPlaced {
  readonly community: string | null;
  readonly shelter: string | null;
  readonly status: "road" | "boat" | "no_place" | "unreachable" | "no_location";
  readonly people: number;
  readonly households: number;
}

/** The answer for the flood or time it is compared with, and how far apart the two are. */
export interface Compared {
  readonly flood: FloodExtent;
  /** Only for the flood of a forecast moment */
  readonly forecast?: ForecastStage | null;
  readonly exposed: Exposed;
  readonly displaced?: Displaced | null;
  readonly needs?: readonly Need[] | null;
  readonly communities?: readonly Community[] | null;
  /** Only with include: cut_off, in a town with roads on record */
  readonly cut_off?: CutOff | null;
  readonly provenance: readonly Provenance[];
  /** The position of the town's changes it was read at */
  readonly pos: number;
  readonly differences: readonly Difference[];
}

/** What an answer is compared with: another flood, another time, or both. */
export interface Comparison {
  /** The same flood when not given */
  readonly flood?: ImpactFlood | null;
  /** The same time when not given */
  readonly as_of?: string | null;
}

/** What is certainly touched (nine in ten), and what possibly is; null: not known. */
export interface CountRange {
  readonly certain: number | null;
  readonly possible: number | null;
}

/** Counts by reach: the four add up to `all`. */
export interface CountsByReach {
  readonly all: number;
  readonly within: number;
  readonly far: number;
  readonly unreachable: number;
  readonly no_location: number;
}

/** Who is outside. People are absent for roles that do not see households. They are absent too in a town that has none on record, and null where nobody has ever counted who lives in them: no data is never 0. */
export interface CoverageAnswer {
  readonly id: string;
  readonly kind: "coverage";
  readonly computed_at: string;
  /** How long it took to work out */
  readonly computing_ms?: number;
  readonly pos: number;
  /** Whether single households are in it */
  readonly personal: boolean;
  readonly provenance: readonly Provenance[];
  /** Sentences to read before using the numbers */
  readonly caveats: readonly string[];
  /** Only with recompute */
  readonly recomputed?: Recomputed | null;
  readonly vehicle: VehicleUsed;
  readonly roads: RoadsUsed;
  readonly within_min: number;
  readonly services: readonly ServiceUsed[];
  readonly people?: CountsByReach | null;
  readonly households?: HouseholdsByReach | null;
  readonly by_age?: Readonly<Record<string, CountsByReach>> | null;
  readonly communities?: readonly CommunityCovered[] | null;
  /** Only with include: households */
  readonly outside?: readonly HouseholdOutside[] | null;
  /** Only with include: roads */
  readonly reach?: RoadsByReach | null;
}

/** Who lives outside a walking or driving time of a service, named in just one way. */
export interface CoverageRequest {
  /** The flood; none: a dry day */
  readonly flood?: FloodRequest | null;
  /** How people get there */
  readonly vehicle?: "walk" | "car" | "pickup" | "truck_6" | "military_truck";
  /** How deep the vehicle wades; the editable default of its kind when not given */
  readonly wades_m?: number | null;
  /** Greatest depth of areas whose depth is not known, such as drawn ones */
  readonly depth_m?: number | null;
  /** Level of the water's surface (m MSL) where it is flat: roads of known level are then as deep as it stands above them */
  readonly water_level_m?: number | null;
  /** Ask about the town as it was at this time */
  readonly as_of?: string | null;
  /** Facilities of these kinds */
  readonly facilities?: readonly string[] | null;
  /** Shelters: those open now, or all as though they were */
  readonly shelters?: "open" | "all" | null;
  /** Places given here */
  readonly points?: readonly ServicePoint[] | null;
  /** Minutes counted as within reach */
  readonly within_min: number;
  /** The service comes to people (a fire engine), not they to it */
  readonly coming?: boolean;
  /** households: list those not within reach; roads: the road network by reach as GeoJSON */
  readonly include?: readonly ("households" | "roads")[];
}

/** When a threshold is reached: one way in ten by `earliest`, half by `likely`, nine `latest`. Null where that lies beyond the last lead; `probability` is the share that reaches it by then. */
export interface CrossingTold {
  readonly threshold: string;
  readonly kind: string;
  readonly level_m: number;
  readonly earliest: string | null;
  readonly likely: string | null;
  readonly latest: string | null;
  readonly probability: number;
}

/** Dry homes from which the vehicle finds no way out; they are not among `exposed`. What the caller may not see, was not asked for or is not on record is absent, never 0. */
export interface CutOff {
  readonly vehicle: VehicleUsed;
  readonly way_out: WayOut;
  readonly houses?: HousesCutOff | null;
  readonly people?: PeopleCutOff | null;
  readonly households?: HouseholdsCutOff | null;
  readonly care?: CareCutOff | null;
  readonly roads: RoadsCut;
  readonly facilities?: FacilitiesCutOff | null;
  readonly shelters?: SheltersCutOff | null;
  readonly waste_stops?: number | null;
  readonly communities?: readonly CommunityCutOff[] | null;
  /** Only for a stage of a library less certain than a step of it */
  readonly range?: CutOffRange | null;
}

/** How many are cut off at another stage. */
export interface CutOffAt {
  readonly houses: number;
  readonly people?: number | null;
}

/** At the stages that enclose the error of the ground. Null: that stage is not mapped. Higher water may leave fewer cut off, because they then stand in it. */
export interface CutOffRange {
  readonly stage_low_m: number | null;
  readonly stage_high_m: number | null;
  readonly low: CutOffAt;
  readonly high: CutOffAt | null;
}

/** Who decided on a figure of the town, why, and when where that is on record. */
export interface Decided {
  readonly reason: string;
  readonly by: string;
  readonly on: string | null;
}

/** Where the rounds start; `no_road`: no road that can be used leads there, so all is lost. */
export interface DepotUsed {
  readonly code: string | null;
  readonly at: readonly [number, number];
  readonly status: "used" | "no_road";
}

/** One figure of both answers, by its path; null where one of them does not know it. */
export interface Difference {
  readonly figure: string;
  readonly first: number | null;
  readonly second: number | null;
  /** The second less the first */
  readonly difference: number | null;
}

/** People with water deeper than `above_m` over the floor they sleep on. Null, not 0, where the depth indoors of everybody is unknown. Homes that are dry but cut off are not among them: `cut_off` counts those. */
export interface Displaced {
  readonly above_m: number;
  /** town: a record of the layer `assumptions` */
  readonly above_from?: "question" | "town" | "default";
  /** Only where it is the town's own */
  readonly above_set?: Decided | null;
  readonly count: number | null;
  /** With those whose depth indoors is unknown */
  readonly at_most: number;
  readonly by_age: Readonly<Record<string, number>> | null;
  readonly households: number | null;
  /** Those whose depth indoors is unknown */
  readonly unknown: Homeless;
}

/** All the caller may know about a place. Only a digest of it is kept, not what it tells. */
export interface DossierAnswer {
  readonly id: string;
  readonly computed_at: string;
  readonly computing_ms?: number;
  /** Position of the town's data it was read at */
  readonly pos: number;
  /** SHA-256 over everything told, to compare answers by */
  readonly digest: string;
  readonly parcels: readonly (Readonly<Record<string, unknown>>)[];
  readonly sections: readonly DossierSection[];
  readonly imports: readonly ImportedFrom[];
  readonly caveats: readonly string[];
  readonly recomputed?: Recomputed | null;
}

/** The place meant, named in just one way. */
export interface DossierRequest {
  /** A parcel's record number or tax-map code */
  readonly parcel?: number | string | null;
  /** A deed number */
  readonly deed_no?: string | null;
  /** An 11-digit house code */
  readonly house_code?: string | null;
  /** A point: longitude, latitude */
  readonly at?: readonly [number, number] | null;
  /** A parcel's address, however it is typed */
  readonly address?: string | null;
}

/** Records of one layer. `relation`: named by the place, meets it, or is near it. */
export interface DossierSection {
  readonly layer: string;
  readonly title: string;
  readonly relation: string;
  readonly matched: number;
  readonly records: readonly (Readonly<Record<string, unknown>>)[];
}

/** Incidents of the same kind near one, nearest first. */
export interface Duplicates {
  readonly duplicates: readonly Likely[];
}

/** Who leaves in what order, and the runs of every team. */
export interface EvacuationAnswer {
  readonly id: string;
  readonly kind: "evacuation";
  readonly computed_at: string;
  /** How long it took to work out */
  readonly computing_ms?: number;
  readonly pos: number;
  /** Whether single households are in it */
  readonly personal: boolean;
  readonly provenance: readonly Provenance[];
  /** Sentences to read before using the numbers */
  readonly caveats: readonly string[];
  /** Only with recompute */
  readonly recomputed?: Recomputed | null;
  readonly vehicle: VehicleUsed;
  readonly roads: RoadsUsed;
  /** People neither in the water nor about to be cut off */
  readonly not_in_danger: number;
  readonly order: readonly RankedHousehold[];
  readonly runs: readonly TeamRun[];
  readonly left: readonly NotFetched[];
  readonly alerts: readonly PowerAlertOut[];
}

/** In what order households leave, and which team fetches whom next. */
export interface EvacuationRequest {
  /** The flood; none: a dry day */
  readonly flood?: FloodRequest | null;
  /** What people are driven in */
  readonly vehicle?: "walk" | "car" | "pickup" | "truck_6" | "military_truck";
  /** How deep the vehicle wades; the editable default of its kind when not given */
  readonly wades_m?: number | null;
  /** Greatest depth of areas whose depth is not known, such as drawn ones */
  readonly depth_m?: number | null;
  /** Level of the water's surface (m MSL) where it is flat: roads of known level are then as deep as it stands above them */
  readonly water_level_m?: number | null;
  /** Ask about the town as it was at this time */
  readonly as_of?: string | null;
  /** Water to come, for the time left by road */
  readonly stages?: readonly StageRequest[];
  /** Teams that cannot go, beside those on record as out of order */
  readonly failed?: readonly string[];
  /** Runs under way */
  readonly started?: readonly StartedRun[];
  /** Plan as though every shelter were open */
  readonly open_all?: boolean;
}

/** Runs accepted from a plan; a failed one returns its households to the list. */
export interface EvacuationRunRecord {
  /** แหล่งข้อมูล · Source */
  readonly source?: string | null;
  /** แก้ไขเมื่อ · Updated */
  readonly updated_at?: string | null;
  /** แก้ไขโดย · Updated by */
  readonly updated_by?: string | null;
  /** รหัสเที่ยว · Code */
  readonly code?: string | null;
  /** คำตอบที่มา · Answer it comes from */
  readonly answer?: string | null;
  /** ทีม · Team */
  readonly team?: string | null;
  /** เที่ยวที่ · Number */
  readonly number?: number | null;
  /** สถานะ · State */
  readonly state?: string | null;
  /** ครัวเรือน · Households */
  readonly households?: readonly string[] | null;
  /** จำนวนคน · People */
  readonly people?: number | null;
  /** ผู้ป่วยนอน · Lying */
  readonly lying?: number | null;
  /** ศูนย์พักพิง · Shelters */
  readonly shelters?: readonly string[] | null;
  /** เหตุการณ์ · Event */
  readonly event?: string | null;
  /** วางแผนเมื่อ · Planned at */
  readonly planned_at?: string | null;
  /** ออกเมื่อ · Left at */
  readonly left_at?: string | null;
  /** จบเมื่อ · Ended at */
  readonly ended_at?: string | null;
  /** เหตุผล · Reason */
  readonly reason?: string | null;
  /** ผู้บันทึกล่าสุด · Last recorded by */
  readonly by_name?: string | null;
  readonly id: number;
  /** For If-Match, in quotes */
  readonly version: string;
}

/** A flood that is being run, and what has been announced in it, each kept apart. */
export interface Event {
  /** แหล่งข้อมูล · Source */
  readonly source?: string | null;
  /** แก้ไขเมื่อ · Updated */
  readonly updated_at?: string | null;
  /** แก้ไขโดย · Updated by */
  readonly updated_by?: string | null;
  /** รหัส · Code */
  readonly code?: string | null;
  /** ชื่อเหตุการณ์ · Name */
  readonly name?: string | null;
  /** ประเภท · Kind */
  readonly kind?: string | null;
  /** สถานะ · State */
  readonly state?: string | null;
  /** ฝึกซ้อม · Exercise */
  readonly exercise?: boolean | null;
  /** ธงเตือนภัยของเมือง · The town's flag */
  readonly flag?: string | null;
  /** ศูนย์บัญชาการเหตุการณ์ · Emergency operations centre */
  readonly eoc?: string | null;
  /** ระดับสาธารณภัย (ปภ.) · DDPM level */
  readonly ddpm_level?: string | null;
  /** ประกาศเขตพื้นที่ประสบสาธารณภัย · Disaster area */
  readonly disaster_area?: string | null;
  /** ประกาศเขตการให้ความช่วยเหลือฯ ฉุกเฉิน · Emergency-relief zone */
  readonly relief_zone?: string | null;
  /** คำแนะนำให้อพยพ · Evacuation advice */
  readonly evacuation_advice?: string | null;
  /** คำสั่งอพยพ · Evacuation order */
  readonly evacuation_order?: string | null;
  /** เปิดเมื่อ · Opened at */
  readonly opened_at?: string | null;
  /** ผู้เปิด · Opened by */
  readonly opened_by?: string | null;
  /** ปิดเมื่อ · Closed at */
  readonly closed_at?: string | null;
  /** ผู้ปิด · Closed by */
  readonly closed_by?: string | null;
  readonly id: number;
  /** For If-Match, in quotes */
  readonly version: string;
  /** Who said what, by line: flag, eoc, ddpm_level, disaster_area, relief_zone, evacuation_advice, evacuation_order; absent for the public */
  readonly lines?: Readonly<Record<string, Standing>> | null;
}

/** What is done with an event: `announce` needs `line`, `value`, `signer`; `undo` a `step`. */
export interface EventAct {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  /** Name of who signed */
  readonly signer?: string | null;
  /** As what they signed, such as a seat */
  readonly seat?: string | null;
  readonly document_no?: string | null;
  readonly signed_at?: string | null;
  /** Where it is in force, in words */
  readonly area?: string | null;
  readonly note?: string | null;
  readonly line?: "flag" | "eoc" | "ddpm_level" | "disaster_area" | "relief_zone" | "evacuation_advice" | "evacuation_order" | null;
  /** flag: a code of the town's flags; eoc: open, closed; ddpm_level: 1 to 4, ended; the others: in_force, ended */
  readonly value?: string | null;
  /** Id of the step to take back */
  readonly step?: number | null;
}

/** An event to be opened. */
export interface EventIn {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  /** Name of who signed */
  readonly signer?: string | null;
  /** As what they signed, such as a seat */
  readonly seat?: string | null;
  readonly document_no?: string | null;
  readonly signed_at?: string | null;
  /** Where it is in force, in words */
  readonly area?: string | null;
  readonly note?: string | null;
  readonly name: string;
  readonly kind?: "flood" | "flash_flood" | "storm" | "tide" | "other";
  /** Whether it is played. Unsaid: while an exercise is on; false: it is real */
  readonly exercise?: boolean | null;
}

/** Every step in order; never changed. A correction is a new step that names the old one. */
export interface EventStep {
  /** แหล่งข้อมูล · Source */
  readonly source?: string | null;
  /** แก้ไขเมื่อ · Updated */
  readonly updated_at?: string | null;
  /** แก้ไขโดย · Updated by */
  readonly updated_by?: string | null;
  /** เหตุการณ์ · Event */
  readonly event?: string | null;
  /** เวลา · At */
  readonly at?: string | null;
  /** เรื่อง · Kind */
  readonly kind?: string | null;
  /** รหัส · Code */
  readonly code?: string | null;
  /** เลขระเบียน · Record */
  readonly record?: number | null;
  /** การกระทำ · Action */
  readonly action?: string | null;
  /** เดิม · Was */
  readonly was?: string | null;
  /** เป็น · Becomes */
  readonly becomes?: string | null;
  /** หน่วย · Unit */
  readonly unit?: string | null;
  /** ผู้ลงนาม · Signer */
  readonly signer?: string | null;
  /** ตำแหน่ง · Seat */
  readonly seat?: string | null;
  /** เลขที่หนังสือ · Document no. */
  readonly document_no?: string | null;
  /** ลงนามเมื่อ · Signed at */
  readonly signed_at?: string | null;
  /** พื้นที่ · Where */
  readonly area?: string | null;
  /** หมายเหตุ · Note */
  readonly note?: string | null;
  /** โดย · By */
  readonly by_name?: string | null;
  /** แก้ขั้นตอน · Takes back step */
  readonly undoes?: number | null;
  /** ฝึกซ้อม · Exercise */
  readonly exercise?: boolean | null;
  /** ผู้เห็น · Seen by */
  readonly seen_by?: string | null;
  readonly id: number;
  /** For If-Match, in quotes */
  readonly version: string;
  /** Place in the order of changes */
  readonly pos: number;
  /** The step as a sentence in the caller's language */
  readonly words: string;
}

/** Steps of an event in their order; `after` asks for the next page. */
export interface EventSteps {
  readonly steps: readonly EventStep[];
  /** `after` of the next page; null: there is none yet */
  readonly next: string | null;
}

/** Events, newest first. */
export interface Events {
  readonly events: readonly Event[];
}

/** Which exercise is meant, and why it ends. */
export interface ExerciseEnd {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  /** When the one that is meant began, as `/me` tells it: another is not ended */
  readonly started_at?: string | null;
  readonly note?: string | null;
}

/** What ended with an exercise. */
export interface ExerciseEnded {
  readonly name: string;
  readonly started_at: string;
  readonly ended_at: string;
  readonly ended_by: string;
  /** Incidents of it that were left and got the all-clear */
  readonly incidents: number;
  /** Code of its event, which was closed; null: none was open */
  readonly event: string | null;
}

/** The exercise that is on: nothing it shows is real, and every screen says so. */
export interface ExerciseNow {
  readonly name: string;
  readonly started_at: string;
  /** How many times as fast its time runs as the wall clock */
  readonly speed: number;
  /** The exercise's time now: the present of its readings */
  readonly clock: string;
}

/** What the flood touches. A layer without data in this town is absent, never 0. */
export interface Exposed {
  readonly people?: People | null;
  readonly households?: Households | null;
  readonly houses?: Houses | null;
  readonly care_locations?: CareLocations | null;
  readonly parcels?: Parcels | null;
  readonly permits?: Permits | null;
  readonly facilities?: Facilities | null;
  readonly shelters?: Shelters | null;
  readonly roads?: Roads | null;
  readonly waste_routes?: WasteRoutes | null;
}

/** Facilities touched; at most 200 are named, health and rescue first. */
export interface Facilities {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly by_class: Readonly<Record<string, number>>;
  readonly named?: readonly Facility[];
}

/** Dry facilities without a way out; at most 200 are named. */
export interface FacilitiesCutOff {
  readonly count: number;
  readonly named: readonly Facility[];
}

/** A facility by name. */
export interface Facility {
  readonly id: number;
  readonly code: string | null;
  readonly name: string | null;
  readonly kind: string | null;
}

/** A GeoJSON Feature in longitude and latitude. What the platform keeps itself is passed over. `id`, `links` and the properties `source`, `dataset_id`, `updated_at` and `updated_by` may be there, as an item that was read has them. */
export interface FeatureIn {
  readonly type: "Feature";
  readonly geometry?: Readonly<Record<string, unknown>> | null;
  readonly properties?: Readonly<Record<string, unknown>> | null;
}

/** The parts of a feature that change (RFC 7396): null empties a field. */
export interface FeaturePatch {
  readonly type?: "Feature";
  /** Left as it is when absent */
  readonly geometry?: Readonly<Record<string, unknown>> | null;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** One feed as it is now. Its address and its key are not told. */
export interface FeedNow {
  readonly name: string;
  readonly title: string | null;
  /** Shape of the source: thaiwater, usgs, mapper or gistda */
  readonly kind: string;
  /** True: it brings an exercise's invented readings */
  readonly exercise: boolean;
  readonly state: layers__feed_health__Health;
  /** One sentence about the state */
  readonly says: Text;
  /** Seconds between two questions when all is well */
  readonly interval_s: number;
  /** Last good answer */
  readonly succeeded_at: string | null;
  /** Time of the newest reading it ever brought */
  readonly newest_at: string | null;
  /** Last question */
  readonly tried_at: string | null;
  /** When it is asked next */
  readonly next_try_at: string | null;
  /** Failures one after the other */
  readonly failures: number;
  /** Why the last question failed; null: it did not */
  readonly error: Text | null;
  /** What is odd about what it brings; null: nothing */
  readonly doubt: Text | null;
  /** What the last good answer held: read, kept, new, same, revised, flagged, and refused with reasons */
  readonly report: Readonly<Record<string, unknown>> | null;
}

/** Every feed of the town, by name. */
export interface Feeds {
  readonly feeds: readonly FeedNow[];
}

/** One part of a request that could not be understood. */
export interface FieldProblem {
  /** Place in the request, such as query.limit or body.flood */
  readonly where: string;
  /** What is wrong with it, in the caller's language */
  readonly detail: string;
}

/** The flood itself: its area (m2), overlaps counted once, and whether depth is known. `range` is there for a stage of a library whose ground is less certain than a step of it: then no count means anything without it. */
export interface FloodExtent {
  readonly area_m2: number;
  readonly depth_known: boolean;
  readonly range?: StageRange | null;
}

/** The flood meant, named in just one way. */
export interface FloodRequest {
  /** Ids or codes of flood zones, or all */
  readonly zone_ids?: readonly (number | string)[] | "all" | null;
  /** A drawn area */
  readonly geometry?: Polygon | MultiPolygon | null;
  /** A gauge; needs stage_m */
  readonly gauge?: string | null;
  /** Stage at the gauge in m MSL */
  readonly stage_m?: number | null;
  /** Flood zones that meet a condition in CQL2 text over their queryables */
  readonly where?: string | null;
}

/** Scores of areas, square metres; a ratio is null where nothing is there to divide by. csi = hit / (hit + miss + false alarm), pod = hit / observed, far = false alarm / modelled, bias = modelled / observed. */
export interface FloodScoreAnswer {
  readonly hit_m2: number;
  readonly miss_m2: number;
  readonly false_alarm_m2: number;
  readonly csi: number | null;
  readonly pod: number | null;
  readonly far: number | null;
  readonly bias: number | null;
  readonly map?: ScoreMap | null;
  readonly caveats: readonly string[];
}

/** Hold a modelled flood against an observed one. `within` is what was looked at (all, unless said). `map` adds where they agree and differ. */
export interface FloodScoreRequest {
  readonly model: FloodRequest;
  readonly observed: FloodRequest;
  readonly within?: FloodRequest | null;
  readonly include?: readonly "map"[];
}

/** The level at a moment; `band_80` holds it four times in five, by the back-test's errors. `supported` is false where the past had too few errors to measure the band by. */
export interface ForecastPoint {
  readonly at: string;
  readonly lead_h: number;
  readonly level_m: number;
  readonly band_80: readonly [number, number];
  readonly model: string;
  readonly supported: boolean;
}

/** What a gauge is forecast to show at a moment (m MSL), and the stage that stands for it. */
export interface ForecastStage {
  readonly gauge: string;
  readonly at: string;
  readonly likely_m: number;
  readonly low_m: number;
  readonly high_m: number;
  readonly stage_m: number;
  /** The highest stage that is mapped */
  readonly highest_m: number;
  /** When the reading was taken that the forecast counts from */
  readonly origin?: string | null;
  /** The present it was asked at; the exercise's during one */
  readonly clock?: string | null;
}

/** What is missing of a parcel. */
export type Gap = "no_tax_account" | "use_differs" | "no_building_licence" | "no_business_licence";

/** One kind of gap over the whole town. The counts are null where it cannot be known. */
export interface GapCount {
  /** Whether the register compared with holds anything */
  readonly known: boolean;
  readonly parcels: number | null;
  readonly area_m2: number | null;
  readonly appraised_value: number | null;
  /** Parcels without an appraised value */
  readonly value_unknown: number | null;
}

/** A gap of a parcel and why it is one. */
export interface GapFound {
  readonly kind: Gap;
  readonly why: Words;
}

/** A parcel in use with gaps. Its owner is told by the dossier, not here. */
export interface GapParcel {
  readonly id: number;
  readonly parcel: string | null;
  readonly address: string | null;
  readonly uses: readonly string[];
  readonly at: readonly [number, number];
  readonly area_m2: number | null;
  readonly area_deed_m2: number | null;
  readonly appraised_value: number | null;
  /** null: the town has no buildings on record */
  readonly buildings: number | null;
  readonly building_m2: number | null;
  readonly houses: number | null;
  readonly meters: number | null;
  readonly businesses: number | null;
  readonly gaps: readonly GapFound[];
}

/** A station: what it is, what it says now, and against what that is held. */
export interface GaugeTold {
  readonly code: string;
  readonly name: string | null;
  readonly river: string | null;
  /** river, tide or rain */
  readonly kind: string;
  readonly unit: string;
  /** Longitude, latitude */
  readonly point: readonly [number, number];
  /** Of the staff gauge, as it holds at the moment told of */
  readonly zero_m: number | null;
  /** Zeros with the time each holds from, the first first */
  readonly zeros: readonly ZeroTold[];
  readonly datum: string | null;
  /** m MSL; null: not known */
  readonly bank_left_m: number | null;
  /** m MSL; null: not known */
  readonly bank_right_m: number | null;
  readonly ground_m: number | null;
  readonly expected_interval_s: number;
  readonly source: string | null;
  readonly now: Now;
  readonly thresholds: readonly ThresholdTold[];
  /** Name of the lowest one not reached */
  readonly next_threshold: string | null;
  readonly remembered: readonly RememberedTold[];
  /** What contradicts itself in the record, in words */
  readonly doubts?: readonly Text[];
}

/** Every station the caller sees. */
export interface Gauges {
  /** The moment told of: now, `as_of`, or the exercise's time */
  readonly at: string;
  /** Whether these are readings of an exercise, not of water */
  readonly exercise: boolean;
  readonly gauges: readonly GaugeTold[];
  /** Stations readings came from that nobody has entered as gauges; for staff */
  readonly unknown_stations: readonly string[];
}

/** Permits of businesses hazardous to health; at most 200 are named. */
export interface Hazardous {
  readonly count: number;
  readonly named: readonly Permit[];
}

/** A record found: by which field, how well (1 best), and where it is. */
export interface Hit {
  readonly layer: string;
  readonly layer_title: string;
  readonly id: number;
  readonly field: string;
  readonly field_title: string;
  readonly value: string;
  readonly score: number;
  /** Longitude of a point in it; null for plain records */
  readonly lon: number | null;
  readonly lat: number | null;
}

/** A home whose people hang on power. */
export interface HomeWithoutPower {
  readonly care_code: string;
  readonly household: string | null;
  readonly needs: readonly string[] | null;
}

/** People of so many households. */
export interface Homeless {
  readonly count: number;
  readonly by_age: Readonly<Record<string, number>>;
  readonly households: number;
}

/** Homes the caller may see now. */
export interface Homes {
  readonly homes: readonly HomeWithoutPower[];
}

/** A household not within reach; `minutes` null: no way, or its place is not known. */
export interface HouseholdOutside {
  readonly household: string;
  readonly community: string | null;
  /** null: nobody has counted */
  readonly people: number | null;
  readonly status: "far" | "unreachable" | "no_location";
  readonly minutes: number | null;
  /** The service soonest reached */
  readonly service: string | null;
}

/** Households of the houses touched. */
export interface Households {
  readonly count: number;
  /** Households of which nobody knows how many live there */
  readonly people_unknown?: number;
}

/** Households by reach; `uncounted`: nobody knows how many people they are. */
export interface HouseholdsByReach {
  readonly all: number;
  readonly within: number;
  readonly far: number;
  readonly unreachable: number;
  readonly no_location: number;
  readonly uncounted: number;
}

/** Households of these houses. */
export interface HouseholdsCutOff {
  readonly count: number;
  readonly people_unknown: number;
}

/** Houses whose entrance is in the flood. Depth is above the ground at the entrance. */
export interface Houses {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly by_depth: Readonly<Record<string, number>>;
  /** By the greatest depth over the floor: dry, the depth classes, unknown where floor or water is */
  readonly by_indoor_depth?: Readonly<Record<string, number>>;
  /** Houses whose depth indoors nobody can say */
  readonly depth_unknown: number;
}

/** Dry houses without a way out. */
export interface HousesCutOff {
  readonly count: number;
  /** Of them, however shallow the water may stand */
  readonly certain: number;
  /** Dry houses of which the roads tell nothing: no place, no road near, or no way out before the water came */
  readonly unknown: number;
}

/** Who and what a flood touches, with what the answer rests on. */
export interface ImpactAnswer {
  readonly flood: FloodExtent;
  /** Only for the flood of a forecast moment */
  readonly forecast?: ForecastStage | null;
  readonly exposed: Exposed;
  readonly displaced?: Displaced | null;
  readonly needs?: readonly Need[] | null;
  readonly communities?: readonly Community[] | null;
  /** Only with include: cut_off, in a town with roads on record */
  readonly cut_off?: CutOff | null;
  readonly provenance: readonly Provenance[];
  readonly id: string;
  readonly computed_at: string;
  /** How long it took to work out */
  readonly computing_ms?: number;
  /** Only with compare */
  readonly compared?: Compared | null;
  /** Sentences to read before using the numbers */
  readonly caveats: readonly string[];
  /** Only with recompute */
  readonly recomputed?: Recomputed | null;
}

/** The flood meant; also that of a forecast moment, as the nearest stage mapped. */
export interface ImpactFlood {
  /** Ids or codes of flood zones, or all */
  readonly zone_ids?: readonly (number | string)[] | "all" | null;
  /** A drawn area */
  readonly geometry?: Polygon | MultiPolygon | null;
  /** A gauge; needs stage_m */
  readonly gauge?: string | null;
  /** Stage at the gauge in m MSL */
  readonly stage_m?: number | null;
  /** Flood zones that meet a condition in CQL2 text over their queryables */
  readonly where?: string | null;
  /** With gauge, in stage_m's place: a moment of its forecast */
  readonly at?: string | null;
}

/** The question who and what a flood touches. */
export interface ImpactRequest {
  readonly flood: ImpactFlood;
  /** Layers to count; all when not given */
  readonly layers?: readonly string[] | null;
  /** ids: list what was counted; cut_off: also dry homes without a way out, and what of the roads is cut off (takes longer than the rest) */
  readonly include?: readonly ("ids" | "cut_off")[];
  /** With include: cut_off, what the way out is for; truck_6 when not given */
  readonly vehicle?: "walk" | "car" | "pickup" | "truck_6" | "military_truck" | null;
  /** With include: cut_off, how deep it wades; its own limit when not given */
  readonly wades_m?: number | null;
  /** Ask about the town as it was at this time */
  readonly as_of?: string | null;
  /** Water deeper than this over the floor (m) displaces who sleeps there; the town's own figure (layer `assumptions`) when not given, else 0 */
  readonly displaced_above_m?: number | null;
  /** Answer for another flood or time as well, with the differences */
  readonly compare?: Comparison | null;
}

/** An import the records came from. */
export interface ImportedFrom {
  readonly dataset_id: number;
  readonly layer: string;
  readonly source: string;
  readonly finished_at: string | null;
}

/** What needs doing, from raised to all clear; severity by shape, colour and word. */
export interface Incident {
  /** แหล่งข้อมูล · Source */
  readonly source?: string | null;
  /** แก้ไขเมื่อ · Updated */
  readonly updated_at?: string | null;
  /** แก้ไขโดย · Updated by */
  readonly updated_by?: string | null;
  /** รหัสเหตุ · Code */
  readonly code?: string | null;
  /** ประเภท · Kind */
  readonly kind?: string | null;
  /** ระดับ · Severity */
  readonly severity?: string | null;
  /** สถานะ · Status */
  readonly status?: string | null;
  /** เครื่องหมาย · Mark */
  readonly mark?: string | null;
  /** ชื่อเหตุ · Title */
  readonly title_th?: string | null;
  /** ชื่อเหตุภาษาอังกฤษ · Title in English */
  readonly title_en?: string | null;
  /** รายละเอียด · Description */
  readonly description?: string | null;
  /** สถานที่ · Place */
  readonly place?: string | null;
  /** เกี่ยวกับชั้นข้อมูล · About the layer */
  readonly about?: string | null;
  /** เกี่ยวกับรหัส · About the record */
  readonly about_code?: string | null;
  /** ที่มา · Raised by */
  readonly origin?: string | null;
  /** กฎ · Rule */
  readonly rule?: string | null;
  /** ค่าที่พบ · Values found */
  readonly rule_values?: string | null;
  /** เหตุการณ์ · Event */
  readonly event?: string | null;
  /** ฝึกซ้อม · Exercise */
  readonly exercise?: boolean | null;
  /** แจ้งเมื่อ · Raised at */
  readonly raised_at?: string | null;
  /** ผู้แจ้ง · Raised by */
  readonly raised_by?: string | null;
  /** รับทราบเมื่อ · Acknowledged at */
  readonly acknowledged_at?: string | null;
  /** ผู้รับทราบ · Acknowledged by */
  readonly acknowledged_by?: string | null;
  /** หน่วยที่รับงาน · Unit */
  readonly unit?: string | null;
  /** มอบหมายเมื่อ · Assigned at */
  readonly assigned_at?: string | null;
  /** ถึงที่เกิดเหตุเมื่อ · On scene at */
  readonly on_scene_at?: string | null;
  /** แก้เหตุแล้วเมื่อ · Resolved at */
  readonly resolved_at?: string | null;
  /** ปลอดภัยเมื่อ · All clear at */
  readonly cleared_at?: string | null;
  /** ผู้ประกาศปลอดภัย · All clear by */
  readonly cleared_by?: string | null;
  /** ต้องรับทราบภายใน · To be acknowledged by */
  readonly due_at?: string | null;
  /** ยกระดับแล้ว (ครั้ง) · Times escalated */
  readonly escalated?: number | null;
  /** พักไว้ถึง · Shelved until */
  readonly shelved_until?: string | null;
  /** รวมกับเหตุ · Merged into */
  readonly merged_into?: string | null;
  /** ผู้เห็น · Seen by */
  readonly seen_by?: string | null;
  readonly id: number;
  /** For If-Match, in quotes */
  readonly version: string;
  /** Ids of incidents that may be the same; when raised */
  readonly duplicates?: readonly number[] | null;
  /** Longitude and latitude */
  readonly at: readonly number[];
}

/** What is done with an incident. `assign` needs `unit`, `shelve` needs `until`, `merge` needs `into`, `note` needs `note`; `change` changes what is given of kind, severity, title, description, place and at. */
export interface IncidentAct {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly unit?: string | null;
  readonly note?: string | null;
  readonly until?: string | null;
  /** Id of the incident it is the same as */
  readonly into?: number | null;
  readonly kind?: "rescue" | "medical" | "threshold" | "levee" | "road_cut" | "shelter_full" | "power_out" | "feed_silent" | "supplies" | "other" | null;
  readonly severity?: "low" | "moderate" | "high" | "critical" | null;
  readonly title?: string | null;
  readonly description?: string | null;
  readonly place?: string | null;
  readonly at?: readonly [number, number] | null;
}

/** An incident somebody raises. */
export interface IncidentIn {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly kind: "rescue" | "medical" | "threshold" | "levee" | "road_cut" | "shelter_full" | "power_out" | "feed_silent" | "supplies" | "other";
  readonly severity: "low" | "moderate" | "high" | "critical";
  readonly title: string;
  /** Longitude and latitude */
  readonly at: readonly [number, number];
  readonly description?: string | null;
  /** Where it is, in words */
  readonly place?: string | null;
  /** Who or what told of it */
  readonly source?: string | null;
  /** Whether it is played. Unsaid: while an exercise is on; false: it is real */
  readonly exercise?: boolean | null;
}

/** Steps of one incident in their order. */
export interface IncidentSteps {
  readonly steps: readonly EventStep[];
}

/** Incidents, newest first; `before` asks for the next page. */
export interface Incidents {
  readonly incidents: readonly Incident[];
  /** `before` of the next page; null: there is none */
  readonly next: number | null;
}

/** How a caller is known. */
export type Kind = "public" | "token" | "session";

/** Parcels: whole area and area under water (m2), and what they are appraised at (THB). The value is told only to those who may see it, null where none of them has one. */
export interface Land {
  readonly count: number;
  readonly area_m2: number;
  readonly wet_area_m2: number;
  readonly appraised_value?: number | null;
  /** Parcels without a value */
  readonly value_unknown?: number | null;
}

/** What forecasts at a lead were worth in the rolling-origin back-test, on the same origins. */
export interface LeadSkill {
  readonly lead_h: number;
  readonly model: string;
  readonly origins: number;
  readonly mae_m: number | null;
  readonly mae_persistence_m: number | null;
  readonly mae_analogue_m: number | null;
  readonly band_coverage: number | null;
  readonly alarms: readonly AlarmsTold[];
  readonly better_than_persistence: boolean;
}

/** The last reading that may be relied on. `to_bank_m` is positive over the lowest bank. `quality` is late when nothing newer came in time, suspect when newer readings are doubtful. */
export interface LevelNow {
  readonly at: string | null;
  readonly level_m: number | null;
  readonly age_s: number | null;
  readonly to_bank_m: number | null;
  readonly quality: Quality;
}

/** Incidents that may be the same as one. */
export interface Likely {
  readonly incident: number;
  readonly metres: number;
  readonly code: string;
}

/** The record an edit made or changed; its version is in the ETag. */
export interface Made {
  readonly id: number;
}

/** What the desk says of a reading: wrong, or right after all. */
export interface MarkIn {
  readonly wrong: boolean;
  readonly reason: string;
}

/** What somebody said of a reading. */
export interface MarkTold {
  readonly wrong: boolean;
  readonly reason: string;
  readonly marked_by: string;
  readonly marked_at: string;
}

/** Everything said of a reading, the first first. */
export interface Marks {
  readonly marks: readonly MarkTold[];
}

/** The caller as the server sees them. */
export interface Me {
  readonly role: Role;
  /** Username, name of the token, or public */
  readonly principal: string;
  /** Name of whoever signed in; null for a token */
  readonly display_name: string | null;
  /** How the caller is known */
  readonly kind: Kind;
  readonly authenticated: boolean;
  /** True: signed in with a sign-in the demo printed */
  readonly demo: boolean;
  /** True: this account signs in with a one-time code as well */
  readonly totp: boolean;
  /** Communities or crew that personal rows are held to; null: none */
  readonly scope: readonly string[] | null;
  /** Value of X-CSRF-Token for whatever changes something; null without a session */
  readonly csrf: string | null;
  /** Name of the provider one may sign in with at /auth/oidc; null: none */
  readonly oidc: string | null;
  /** Layers this role may see */
  readonly layers: readonly string[];
  readonly town: Town;
  /** The exercise that is on; null: what is shown is real */
  readonly exercise: ExerciseNow | null;
}

/** A GeoJSON MultiPolygon in longitude and latitude. */
export interface MultiPolygon {
  readonly type: "MultiPolygon";
  readonly coordinates: readonly (readonly (readonly (readonly [number, number] | readonly [number, number, number])[])[])[];
}

/** What the displaced need of one item of the town's table of minimum needs. */
export interface Need {
  readonly code: string;
  readonly name: string;
  readonly name_en: string | null;
  readonly unit: string;
  readonly unit_en: string | null;
  /** person_day, person, household_day or household */
  readonly per: string;
  /** The age band it is for; null: everybody */
  readonly age: string | null;
  /** Amount for each; null: the table states none */
  readonly each: number | null;
  /** Of the displaced, for one day where per day */
  readonly amount: number | null;
  /** With those whose depth indoors is unknown */
  readonly at_most: number | null;
  /** Where the figure comes from, as the table says */
  readonly reference: string;
}

/** A token just made; the token itself is shown this once. */
export interface NewTokenFacts {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly communities: readonly string[] | null;
  readonly team: string | null;
  readonly token: string;
}

/** A household no team can fetch, and why. */
export interface NotFetched {
  readonly household: string;
  readonly why: Words;
}

/** What a station says now; values are null where nothing can be said. */
export interface Now {
  readonly quality: Quality;
  readonly at?: string | null;
  readonly received_at?: string | null;
  readonly age_s?: number | null;
  readonly level_m?: number | null;
  readonly discharge_m3s?: number | null;
  /** Over the lowest known bank; negative below it */
  readonly to_bank_m?: number | null;
  /** Over three hours */
  readonly trend_cm_h?: number | null;
  /** Of a rain station: sums of the last hours, by hours */
  readonly rain_mm?: Readonly<Record<string, number | null>> | null;
  readonly source?: string | null;
  readonly flags?: readonly ("late" | "duplicate" | "future" | "stuck" | "spike" | "gap" | "range")[];
  /** The state in words, first things first */
  readonly says?: readonly Text[];
}

/** The age of every layer the caller sees, in the catalog's order. */
export interface Overview {
  readonly layers: readonly Age[];
}

/** Parcels touched, by use, and by the deepest class of each. */
export interface Parcels {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly by_class: Readonly<Record<string, number>>;
  readonly area_m2: number;
  readonly wet_area_m2: number;
  readonly appraised_value?: number | null;
  /** Parcels without a value */
  readonly value_unknown?: number | null;
  readonly by_depth: Readonly<Record<string, number>>;
  readonly by_use?: Readonly<Record<string, Land>>;
}

/** Where model and observation agree (`hit`), or one of them alone is wet. */
export interface PartOfMap {
  readonly type?: "Feature";
  readonly properties: Readonly<Record<string, "hit" | "miss" | "false_alarm">>;
  readonly geometry: Readonly<Record<string, unknown>>;
}

/** What signing in takes, asked for once more before something of weight. */
export interface PasswordAgain {
  /** The present one; not for those who sign in with a provider only */
  readonly password?: string;
  /** One-time code, where the account has one */
  readonly code?: string | null;
}

/** The present password and the one to come. */
export interface PasswordChange {
  /** The present one; not for those who sign in with a provider only */
  readonly password?: string;
  /** One-time code, where the account has one */
  readonly code?: string | null;
  readonly new_password: string;
  /** True: tokens for programs stay good; else they are revoked */
  readonly keep_tokens?: boolean;
}

/** People sleeping in the houses touched; registered ones where nobody has asked. */
export interface People {
  readonly count: number;
  readonly by_age: Readonly<Record<string, number>>;
  /** By the greatest depth over the floor: dry, the depth classes, unknown where floor or water is */
  readonly by_indoor_depth?: Readonly<Record<string, Ages>>;
}

/** People of these houses; none of them is among those in the water. */
export interface PeopleCutOff {
  readonly count: number;
  readonly by_age: Readonly<Record<string, number>>;
  readonly certain: number;
  readonly unknown: number;
}

/** People by what became of them: the five add up to `all`. */
export interface PeoplePlaced {
  readonly all: number;
  readonly road: number;
  readonly boat: number;
  readonly no_place: number;
  readonly unreachable: number;
  readonly no_location: number;
}

/** A permit by name; fields the caller may not see are absent. */
export interface Permit {
  readonly id: number;
  readonly permit_no: string | null;
  readonly kind: string | null;
  readonly status: string | null;
  readonly address: string | null;
  readonly hazard_class?: string | null;
  readonly holder_name?: string | null;
}

/** Permits touched by kind, the hazardous ones by name. */
export interface Permits {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly by_class: Readonly<Record<string, number>>;
  readonly hazardous?: Hazardous | null;
}

/** A photograph was stored. */
export interface PhotoMade {
  readonly id: number;
  readonly bytes: number;
}

/** A place in degrees. */
export interface Place {
  readonly lon: number;
  readonly lat: number;
}

/** What became of one household. `metres` and `seconds` are of the way to its shelter. */
export interface PlacedHousehold {
  readonly household: string;
  readonly community: string | null;
  readonly people: number;
  readonly status: "road" | "boat" | "no_place" | "unreachable" | "no_location";
  readonly shelter: string | null;
  /** Nearest shelter by road with free places at the start */
  readonly nearest: string | null;
  readonly metres: number | null;
  readonly seconds: number | null;
  /** Placed by the refuge plan, not by the solver */
  readonly planned: boolean;
  /** Needed an accessible place and found none */
  readonly not_accessible: boolean;
  /** Where a boat puts them ashore */
  readonly landing: readonly [number, number] | null;
}

/** A run of an answer, by its team and number. */
export interface PlannedRun {
  readonly team: string;
  readonly number: number;
}

/** A GeoJSON Polygon in longitude and latitude. */
export interface Polygon {
  readonly type: "Polygon";
  readonly coordinates: readonly (readonly (readonly [number, number] | readonly [number, number, number])[])[];
}

/** Somebody who depends on powered equipment where power is off or planned off. */
export interface PowerAlertOut {
  readonly household: string;
  readonly area: string;
  readonly state: "off" | "planned";
  readonly words: Words;
}

/** An error as RFC 9457 describes it. */
export interface Problem {
  /** Stable name of the kind of problem, a URN */
  readonly type: string;
  /** The kind of problem in the caller's language */
  readonly title: string;
  /** HTTP status */
  readonly status: number;
  /** What happened and what to do, in the caller's language */
  readonly detail: string;
  /** Id of this event, also written in the server's log */
  readonly instance: string;
  /** Parts of the request that could not be understood */
  readonly errors?: readonly FieldProblem[] | null;
  /** Of a lost update: the record as it is now */
  readonly current?: Readonly<Record<string, unknown>> | null;
  /** Of a lost update: what was sent, with the version it was made of */
  readonly sent?: Readonly<Record<string, unknown>> | null;
}

/** What an answer rests on: a layer, the position of its last change, when, from where. */
export interface Provenance {
  readonly layer: string;
  readonly version: number;
  readonly as_of: string | null;
  readonly source: string | null;
  /** Days until its data count as old; null: never */
  readonly expected_days?: number | null;
}

/** Whether what is shown may be relied on: `late` is old, `suspect` odd, `none` not there. */
export type Quality = "ok" | "late" | "suspect" | "none";

/** Rain of the last `window_h` hours, and the amount that warned of the lowest threshold. `worth` is false where such warnings did not do better than at random times; then no sign. */
export interface RainSignTold {
  readonly fallen_mm: number | null;
  readonly window_h: number;
  readonly sign_mm: number | null;
  readonly within_h: number | null;
  readonly events: number;
  readonly hits: number;
  readonly false_alarms: number;
  readonly worth: boolean;
}

/** A household in its place of the order, and why it stands there. */
export interface RankedHousehold {
  readonly rank: number;
  readonly household: string;
  readonly community: string | null;
  readonly people: number;
  readonly lying: number;
  readonly score: number;
  readonly reasons: readonly Words[];
  readonly set_by_hand: boolean;
  readonly shelter: string | null;
  readonly at: readonly [number, number] | null;
  /** Greatest depth at the door; null: not known */
  readonly depth_m: number | null;
  /** Hours until its road is cut; null: not foreseen */
  readonly cut_h: number | null;
}

/** The value of a raster at a place. */
export interface RasterValue {
  /** Id of the raster */
  readonly raster: string;
  /** Longitude asked for */
  readonly lon: number;
  /** Latitude asked for */
  readonly lat: number;
  /** Metres, to the millimetre; null: see `reason` */
  readonly value: number | null;
  /** Unit of the value: m */
  readonly unit: string;
  /** What heights are counted from; null: not stated */
  readonly datum: string | null;
  /** The value in words, in the caller's language */
  readonly text: string;
  /** Class of the legend the value falls in */
  readonly class_key: string | null;
  /** outside: not covered by the raster; nodata: no value */
  readonly reason: string | null;
}

/** A reading by hand: the number on the staff, or the level; of a rain station the rain. */
export interface ReadingIn {
  /** What the staff gauge shows; the station's zero is added */
  readonly staff_m?: number | null;
  /** m MSL */
  readonly level_m?: number | null;
  readonly rain_mm?: number | null;
  /** When it was read; empty: now */
  readonly at?: string | null;
  /** Store it although it is far from what was read before */
  readonly confirm?: boolean;
}

/** A reading by hand as it was stored. */
export interface ReadingMade {
  readonly id: number;
  readonly gauge: string;
  readonly at: string;
  readonly value: number;
  readonly unit: string;
  readonly to_bank_m: number | null;
  readonly says: readonly Text[];
}

/** One reading as it came. `level_m` of river and tide stations, `rain_mm` of rain stations. */
export interface ReadingTold {
  readonly id: number;
  readonly at: string;
  /** m MSL */
  readonly level_m?: number | null;
  /** In the interval that ends at `at` */
  readonly rain_mm?: number | null;
  readonly discharge_m3s?: number | null;
  readonly received_at: string;
  readonly source: string;
  /** What is odd about it; nothing is deleted for it */
  readonly flags: readonly ("late" | "duplicate" | "future" | "stuck" | "spike" | "gap" | "range")[];
  /** Marked wrong by the desk */
  readonly wrong: boolean;
}

/** Readings of one station in order of time. */
export interface Readings {
  readonly gauge: string;
  readonly series: string;
  readonly unit: string;
  readonly start: string;
  readonly end: string;
  /** Of each so many seconds the lowest and the highest reading; null: all */
  readonly step_s: number | null;
  readonly exercise: boolean;
  readonly readings: readonly ReadingTold[];
}

/** Whether the server can do its work. */
export interface Ready {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, Check>>;
  readonly tiles: Tiles;
}

/** Whether an answer worked out again on the same versions is the one given before. */
export interface Recomputed {
  readonly at: string;
  readonly equal: boolean;
  /** Parts of the answer that came out different */
  readonly differs: readonly string[];
}

/** A place a relief round calls at. */
export interface ReliefStop {
  readonly code: string;
  readonly lon: number;
  readonly lat: number;
}

/** A remembered flood, and how far the level is from its peak; positive above it. */
export interface RememberedTold {
  readonly year_be: number;
  readonly peak_m: number;
  readonly distance_m: number | null;
  /** Such as “40 cm below 2565” */
  readonly says: Text | null;
  readonly note: string | null;
}

/** Rescue teams and their vehicles: seats, lying people, speed, readiness. What is not filled in takes a default. */
export interface Resource {
  /** แหล่งข้อมูล · Source */
  readonly source?: string | null;
  /** แก้ไขเมื่อ · Updated */
  readonly updated_at?: string | null;
  /** แก้ไขโดย · Updated by */
  readonly updated_by?: string | null;
  /** รหัส · Code */
  readonly code?: string | null;
  /** ชื่อ · Name */
  readonly name?: string | null;
  /** พาหนะ · Vehicle */
  readonly vehicle?: string | null;
  /** ความพร้อม · Status */
  readonly status?: string | null;
  /** ที่นั่ง · Seats */
  readonly places?: number | null;
  /** ที่รับผู้ป่วยนอน · Lying people */
  readonly stretchers?: number | null;
  /** ความเร็ว · Speed */
  readonly speed_kmh?: number | null;
  /** ทีม · Crew */
  readonly crew?: string | null;
  /** ออกเมื่อ · Out since */
  readonly out_at?: string | null;
  /** กำหนดกลับ · Due back */
  readonly due_at?: string | null;
  /** ผู้ลงออกหรือเข้าล่าสุด · Checked out or in by */
  readonly by_name?: string | null;
  /** หมายเหตุ · Note */
  readonly note?: string | null;
  readonly id: number;
  /** For If-Match, in quotes */
  readonly version: string;
  /** Longitude and latitude */
  readonly at: readonly number[];
}

/** Who takes a boat or vehicle, and where it is. */
export interface ResourceAct {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly crew?: string | null;
  readonly at?: readonly [number, number] | null;
  /** When it is to be back; for check_out */
  readonly due_at?: string | null;
  readonly note?: string | null;
}

/** Candidates to be looked at, the most valuable first; `matched` are all there are. */
export interface RevenueGapsAnswer {
  readonly id: string;
  readonly kind: "revenue_gaps";
  readonly computed_at: string;
  readonly computing_ms?: number;
  readonly pos: number;
  readonly personal: boolean;
  readonly gaps: Readonly<Record<string, GapCount>>;
  readonly matched: number;
  readonly parcels: readonly GapParcel[];
  readonly waste: WasteGaps;
  readonly provenance: readonly Provenance[];
  readonly caveats: readonly string[];
  readonly recomputed?: Recomputed | null;
}

/** Parcels in use of which an account or a licence is missing. */
export interface RevenueGapsRequest {
  /** Gaps to look for; all by default */
  readonly kinds?: readonly Gap[] | null;
  /** Parcels listed */
  readonly limit?: number;
  /** Parcels passed over */
  readonly offset?: number;
  /** Ask about the town as it was at this time */
  readonly as_of?: string | null;
}

/** A road under water: its length, the length of that under water (m), the deepest class. */
export interface Road {
  readonly id: number;
  readonly code: string | null;
  readonly name: string | null;
  readonly length_m: number;
  readonly wet_length_m: number;
  readonly class: string | null;
  readonly bridge: boolean | null;
  readonly depth: string;
}

/** A road that can be used and leads nobody out (m of it). */
export interface RoadCutOff {
  readonly code: string;
  readonly length_m: number;
}

/** Roads touched and their length under water (m); the 100 longest stretches are named. */
export interface Roads {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly wet_length_m: number;
  /** By the deepest class each road meets */
  readonly wet_length_by_depth?: Readonly<Record<string, number>>;
  readonly named?: readonly Road[];
}

/** Roads by reach, as GeoJSON: within, far, cut off from every service, and barred. */
export interface RoadsByReach {
  readonly type: "FeatureCollection";
  readonly features: readonly (Readonly<Record<string, unknown>>)[];
}

/** Roads in the water, in pieces of at most 100 m, and apart from them those cut off behind it. `cut_off_m` can be used by the vehicle but leads nobody out. */
export interface RoadsCut {
  readonly in_water_m: number;
  readonly depth_unknown_m: number;
  readonly by_vehicle: readonly WheelsInWater[];
  readonly cut_off_m: number;
  /** Roads of which some is cut off */
  readonly count: number;
  /** At most 100, the longest first */
  readonly named: readonly RoadCutOff[];
}

/** The road network as the vehicle finds it (m). */
export interface RoadsUsed {
  readonly length_m: number;
  readonly too_deep_m: number;
  readonly closed_m: number;
  readonly depth_unknown_m: number;
  /** Closures further from any road than 30 m */
  readonly closures_at_no_road: number;
}

/** Who is asking. Each role is a PostgreSQL login role of its own in every town. */
export type Role = "public" | "staff" | "coordinator" | "team" | "care" | "analyst" | "admin";

/** What is left of the routes over dry roads. */
export interface RouteCutsAnswer {
  readonly id: string;
  readonly kind: "route_cuts";
  readonly computed_at: string;
  /** How long it took to work out */
  readonly computing_ms?: number;
  readonly pos: number;
  /** Whether single households are in it */
  readonly personal: boolean;
  readonly provenance: readonly Provenance[];
  /** Sentences to read before using the numbers */
  readonly caveats: readonly string[];
  /** Only with recompute */
  readonly recomputed?: Recomputed | null;
  readonly vehicle: VehicleUsed;
  readonly roads: RoadsUsed;
  /** Absent: each round starts at a stop of its own */
  readonly depot?: DepotUsed | null;
  readonly routes: readonly RouteLeft[];
}

/** Which stops of the waste routes, or of a relief round, are lost, and the way left. */
export interface RouteCutsRequest {
  /** The flood; none: a dry day */
  readonly flood?: FloodRequest | null;
  /** What people are driven in */
  readonly vehicle?: "walk" | "car" | "pickup" | "truck_6" | "military_truck";
  /** How deep the vehicle wades; the editable default of its kind when not given */
  readonly wades_m?: number | null;
  /** Greatest depth of areas whose depth is not known, such as drawn ones */
  readonly depth_m?: number | null;
  /** Level of the water's surface (m MSL) where it is flat: roads of known level are then as deep as it stands above them */
  readonly water_level_m?: number | null;
  /** Ask about the town as it was at this time */
  readonly as_of?: string | null;
  /** Codes of waste routes; all when not given */
  readonly routes?: readonly string[] | null;
  /** Places of a relief round instead of the waste routes, the first its start */
  readonly relief?: readonly ReliefStop[] | null;
  /** Where every round starts */
  readonly depot?: Place | null;
  /** Start every round where this boat, vehicle or crew stands */
  readonly depot_of?: string | null;
  /** Collections the flood keeps the lorry away from */
  readonly collections?: number;
}

/** What is left of one route. `backlog` is absent where accounts are not theirs to see. */
export interface RouteLeft {
  readonly route: string;
  readonly served: readonly string[];
  readonly lost: readonly string[];
  readonly seconds: number;
  readonly metres: number;
  /** The way as a GeoJSON LineString */
  readonly line: Readonly<Record<string, unknown>> | null;
  /** null: not known */
  readonly accounts_lost?: number | null;
  /** Collections missed; null: not known */
  readonly backlog?: number | null;
}

/** A rule that raises incidents, or how soon they must be acknowledged. */
export interface RuleOut {
  readonly code: string;
  readonly rule: string;
  readonly enabled?: boolean | null;
  readonly threshold?: number | null;
  readonly dead_band?: number | null;
  readonly delay_s?: number | null;
  readonly severity?: string | null;
  readonly shift_from?: string | null;
  readonly shift_to?: string | null;
  readonly within_s?: number | null;
  readonly note?: string | null;
  readonly default: boolean;
}

/** What became of a run; `fail` needs a reason. */
export interface RunAct {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly reason?: string | null;
  /** Its boat or vehicle is out of order */
  readonly vehicle_failed?: boolean;
}

/** One numbered copy, and where it is printed from. */
export interface RunListCopy {
  readonly number: number;
  readonly answer: string;
  readonly team: string | null;
  readonly made_at: string;
  readonly made_by: string;
  /** Name of the exercise it was made in */
  readonly exercise: string | null;
  readonly html: string;
  readonly csv: string;
}

/** Whose runs to print. */
export interface RunListRequest {
  /** One team's; every team's by default */
  readonly team?: string | null;
}

/** One call of a run; `part`: not the whole household. */
export interface RunStop {
  readonly household: string;
  readonly sitting: number;
  readonly lying: number;
  readonly part: boolean;
}

/** Runs just accepted. */
export interface Runs {
  readonly runs: readonly EvacuationRunRecord[];
}

/** Runs to be accepted from an evacuation answer. */
export interface RunsIn {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly answer: string;
  /** All not under way when not given */
  readonly runs?: readonly PlannedRun[] | null;
}

/** The parts as GeoJSON in longitude and latitude; parts that are empty are left out. */
export interface ScoreMap {
  readonly type?: "FeatureCollection";
  readonly features: readonly PartOfMap[];
}

/** What was found, best first. */
export interface SearchAnswer {
  readonly results: readonly Hit[];
}

/** Stops of waste routes and the accounts they serve, and those that stand in the water. Accounts are told only to those who may see them, null where nobody has counted any. */
export interface Service {
  readonly stops: number;
  readonly stops_in_water: number;
  readonly accounts?: number | null;
  readonly accounts_in_water?: number | null;
  /** Stops nobody has counted */
  readonly accounts_unknown?: number | null;
}

/** A place of the service that is not on record, such as a planned one. */
export interface ServicePoint {
  readonly code: string;
  readonly lon: number;
  readonly lat: number;
}

/** One place of the service, and whether it serves anybody. */
export interface ServiceUsed {
  readonly code: string;
  readonly name?: string | null;
  readonly status: "serves" | "closed" | "flooded" | "no_road" | "no_location";
  readonly at: readonly [number, number] | null;
}

/** A shelter that floods: how many it holds, whether it is open, how deep the water is. */
export interface Shelter {
  readonly id: number;
  readonly code: string | null;
  readonly name: string | null;
  readonly capacity: number | null;
  readonly open: boolean | null;
  readonly depth: string;
}

/** A dry shelter without a way out. */
export interface ShelterCutOff {
  readonly id: number;
  readonly code: string | null;
  readonly name: string | null;
  readonly capacity: number | null;
  readonly open: boolean | null;
}

/** One shelter: whether it takes people, its free places, whom it is given. */
export interface ShelterPlaces {
  readonly code: string;
  readonly name: string | null;
  readonly status: "takes" | "closed" | "flooded" | "full" | "capacity_unknown" | "no_road";
  readonly at: readonly [number, number];
  /** Places before this answer */
  readonly free?: number | null;
  /** People this answer sends there */
  readonly placed?: number | null;
}

/** Households in a shelter or camping beside their homes, from when until when. */
export interface ShelterStay {
  /** แหล่งข้อมูล · Source */
  readonly source?: string | null;
  /** แก้ไขเมื่อ · Updated */
  readonly updated_at?: string | null;
  /** แก้ไขโดย · Updated by */
  readonly updated_by?: string | null;
  /** รหัส · Code */
  readonly code?: string | null;
  /** ครัวเรือน · Household */
  readonly household?: string | null;
  /** อยู่ที่ · Place */
  readonly place?: string | null;
  /** ศูนย์พักพิง · Shelter */
  readonly shelter_code?: string | null;
  /** จำนวนคน · People */
  readonly people?: number | null;
  /** เข้าเมื่อ · In at */
  readonly in_at?: string | null;
  /** ออกเมื่อ · Out at */
  readonly out_at?: string | null;
  /** หมายเหตุ · Note */
  readonly note?: string | null;
  /** ผู้บันทึกล่าสุด · Last recorded by */
  readonly by_name?: string | null;
  readonly id: number;
  /** For If-Match, in quotes */
  readonly version: string;
}

/** Shelters touched, and how many people those hold whose capacity is known. */
export interface Shelters {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly capacity: number;
  readonly capacity_unknown?: number;
  /** At most 200 of them */
  readonly named?: readonly Shelter[];
}

/** Where everybody goes. People are absent for roles that do not see households. */
export interface SheltersAnswer {
  readonly id: string;
  readonly kind: "shelters";
  readonly computed_at: string;
  /** How long it took to work out */
  readonly computing_ms?: number;
  readonly pos: number;
  /** Whether single households are in it */
  readonly personal: boolean;
  readonly provenance: readonly Provenance[];
  /** Sentences to read before using the numbers */
  readonly caveats: readonly string[];
  /** Only with recompute */
  readonly recomputed?: Recomputed | null;
  readonly vehicle: VehicleUsed;
  readonly roads: RoadsUsed;
  readonly shelters: readonly ShelterPlaces[];
  readonly people?: PeoplePlaced | null;
  readonly communities?: readonly CommunityPlaced[] | null;
  /** Every household not placed by road: boat, no place, no way */
  readonly listed?: readonly PlacedHousehold[] | null;
  /** Those placed by road; only with include: households */
  readonly households?: readonly PlacedHousehold[] | null;
}

/** Dry shelters without a way out, and how many people those hold whose capacity is known. */
export interface SheltersCutOff {
  readonly count: number;
  readonly capacity: number;
  readonly capacity_unknown: number;
  readonly named: readonly ShelterCutOff[];
}

/** Where everybody goes, by roads that are neither too deep under water nor closed. */
export interface SheltersRequest {
  /** The flood; none: a dry day */
  readonly flood?: FloodRequest | null;
  /** What people are driven in */
  readonly vehicle?: "walk" | "car" | "pickup" | "truck_6" | "military_truck";
  /** How deep the vehicle wades; the editable default of its kind when not given */
  readonly wades_m?: number | null;
  /** Greatest depth of areas whose depth is not known, such as drawn ones */
  readonly depth_m?: number | null;
  /** Level of the water's surface (m MSL) where it is flat: roads of known level are then as deep as it stands above them */
  readonly water_level_m?: number | null;
  /** Ask about the town as it was at this time */
  readonly as_of?: string | null;
  /** Fetch by boat whom no road leads to */
  readonly boat?: boolean;
  /** Plan as though every shelter were open, for quiet times */
  readonly open_all?: boolean;
  /** Place only households whose house is in the flood */
  readonly only_in_water?: boolean;
  /** households: list those placed by road too */
  readonly include?: readonly "households"[];
}

/** A username and password, and the code when the account has one. */
export interface SignIn {
  readonly username: string;
  readonly password: string;
  readonly code?: string | null;
  /** Stay signed in when the browser is closed: not on a shared computer */
  readonly keep?: boolean;
}

/** Who signed in. The session itself is in a cookie no script can read. */
export interface SignedIn {
  readonly username: string;
  readonly display_name: string;
  readonly role: Role;
  /** Value of X-CSRF-Token for whatever changes something */
  readonly csrf: string;
}

/** A stage of the library: metres MSL, and square metres wet by depth class. What is wet at `stage_low_m` is so almost certainly (nine in ten) at this stage, what is not wet at `stage_high_m` almost certainly not; null: beyond the library. */
export interface Stage {
  readonly stage_m: number;
  readonly stage_low_m: number | null;
  readonly stage_high_m: number | null;
  readonly area_m2: Readonly<Record<string, number>>;
  readonly total_m2: number;
}

/** Tiles of a zoom that draw coarse cells in the rings' place, `cell_m` metres along a side. A cell is wet as soon as any of its ground is: up to one cell too much is drawn, nothing is left out. Areas and counts are those of the rings. */
export interface StageOverview {
  readonly zoom: number;
  readonly cell_m: number;
}

/** The stages that enclose the error of the ground, and the counts of each layer there. */
export interface StageRange {
  readonly stage_low_m: number | null;
  readonly stage_high_m: number | null;
  readonly counts: Readonly<Record<string, CountRange>>;
}

/** What is under water some hours from now. */
export interface StageRequest {
  readonly hours: number;
  readonly flood: FloodRequest;
}

/** The stages of a gauge and what they rest on. `tiles` draws any of them: a feature of kind `ring` is wet at a stage of its `wet_from_m` or more, and its least depth then is that stage less its `level_m`; one of kind `not_modelled` is not dry. `tiles` null: draw the zones of `flood_zones` with that `stage_m`. */
export interface StagesAnswer {
  readonly gauge: string;
  readonly stages: readonly Stage[];
  readonly tiles: string | null;
  readonly dataset_id: number | null;
  readonly made_at: string | null;
  readonly step_m?: number | null;
  readonly method?: "level" | "hand" | null;
  /** Standard error of ground and surface */
  readonly error_m?: number | null;
  readonly error_stated?: boolean | null;
  readonly ground_datum?: string | null;
  readonly gauge_datum?: string | null;
  /** Added to the ground's heights */
  readonly offset_m?: number | null;
  readonly slope?: number | null;
  readonly cell_m?: number | null;
  /** Made only because the user insisted: not for orders */
  readonly marked?: boolean;
  readonly not_modelled_m2?: number | null;
  readonly overviews?: readonly StageOverview[];
  readonly caveats: readonly string[];
}

/** What one authority said last: its step of the log. */
export interface Standing {
  /** Id of the step, to take it back by */
  readonly step: number;
  readonly value: string;
  /** In the caller's language */
  readonly said: string;
  readonly at: string;
  readonly signer?: string | null;
  readonly seat?: string | null;
  readonly document_no?: string | null;
  readonly signed_at?: string | null;
  readonly area?: string | null;
  readonly note?: string | null;
  readonly by_name?: string | null;
}

/** A run that has left: it stays as it is when the rest is planned anew. */
export interface StartedRun {
  readonly team: string;
  /** Hours until the team is back */
  readonly back_h: number;
  readonly to?: readonly string[];
  readonly stops: readonly StartedStop[];
}

/** Who of a household is on board. */
export interface StartedStop {
  readonly household: string;
  readonly sitting: number;
  readonly lying?: number;
}

/** `fresh` within what is expected, `stale` beyond it, `timeless` when nothing is expected. */
export type State = "fresh" | "stale" | "timeless" | "empty";

/** A household that leaves, or is counted again. */
export interface StayAct {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly people?: number | null;
  readonly note?: string | null;
}

/** A household that is counted in; `shelter` is the code of one. */
export interface StayIn {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly household: string;
  readonly place?: "shelter" | "camping" | "relatives";
  readonly shelter?: string | null;
  readonly people: number;
  readonly note?: string | null;
}

/** What crews have been given to do; a task about a home of somebody in care lets the crew see that home until it is done. */
export interface Task {
  /** แหล่งข้อมูล · Source */
  readonly source?: string | null;
  /** แก้ไขเมื่อ · Updated */
  readonly updated_at?: string | null;
  /** แก้ไขโดย · Updated by */
  readonly updated_by?: string | null;
  /** รหัสงาน · Code */
  readonly code?: string | null;
  /** เหตุ · Incident */
  readonly incident?: string | null;
  /** ทีม · Crew */
  readonly team?: string | null;
  /** สถานะ · State */
  readonly state?: string | null;
  /** งาน · What to do */
  readonly words?: string | null;
  /** บ้านของผู้ที่ต้องดูแล · Home it is about */
  readonly care_code?: string | null;
  /** เหตุการณ์ · Event */
  readonly event?: string | null;
  /** มอบเมื่อ · Given at */
  readonly given_at?: string | null;
  /** ผู้มอบ · Given by */
  readonly given_by?: string | null;
  /** จบเมื่อ · Ended at */
  readonly ended_at?: string | null;
  /** เหตุผล · Reason */
  readonly reason?: string | null;
  readonly id: number;
  /** For If-Match, in quotes */
  readonly version: string;
}

/** What became of a task; `fail` needs a reason. */
export interface TaskAct {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly reason?: string | null;
}

/** A task for a crew; `care_code` is the home of somebody in care it is about. */
export interface TaskIn {
  /** Name of the person, where several share one sign-in */
  readonly by?: string | null;
  readonly team: string;
  /** What to do */
  readonly words?: string | null;
  /** Id of the incident it is for */
  readonly incident?: number | null;
  readonly care_code?: string | null;
}

/** Tasks, newest first. */
export interface Tasks {
  readonly tasks: readonly Task[];
}

/** One run of a team; hours from now. */
export interface TeamRun {
  readonly team: string;
  readonly number: number;
  readonly stops: readonly RunStop[];
  readonly to: readonly string[];
  readonly leaves_h: number;
  readonly back_h: number;
  readonly under_way: boolean;
}

/** One piece of text in Thai and in English. */
export interface Text {
  readonly th: string;
  readonly en: string;
}

/** A threshold and how far it is. `distance_m` and `distance_mm` are positive when reached. */
export interface ThresholdTold {
  readonly name: string;
  readonly kind: string;
  readonly level_m: number | null;
  readonly rain_mm: number | null;
  readonly rain_hours: number | null;
  readonly distance_m?: number | null;
  readonly distance_mm?: number | null;
  readonly reached: boolean | null;
  /** Told to staff */
  readonly set_by?: string | null;
  readonly set_on: string | null;
  readonly note: string | null;
}

/** What became of the tiles asked for since the server started. */
export interface Tiles {
  /** Requests answered with a finished tile */
  readonly hits: number;
  /** Requests a tile was drawn for */
  readonly misses: number;
  /** Requests that shared a tile being drawn for another */
  readonly joined: number;
  /** Requests while changes were not surely heard */
  readonly bypasses: number;
  /** Finished tiles a change touched */
  readonly dropped: number;
  /** Of these, drawn again before anybody asked */
  readonly drawn_again: number;
  /** Tiles touched while they were being drawn */
  readonly outdated: number;
  /** How often everything was dropped */
  readonly cleared: number;
  /** Finished tiles kept now */
  readonly entries: number;
  /** Memory they take, about */
  readonly bytes: number;
  /** Whether changes are surely heard; else tiles are drawn anew */
  readonly fresh: boolean;
}

/** A token on record, without the token. */
export interface TokenFacts {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly communities: readonly string[] | null;
  readonly team: string | null;
}

/** A token for a program. Only administrators choose another role than their own. */
export interface TokenRequest {
  /** The present one; not for those who sign in with a provider only */
  readonly password?: string;
  /** One-time code, where the account has one */
  readonly code?: string | null;
  readonly name: string;
  /** One's own when not given */
  readonly role?: Role | null;
  /** Valid for this long; of a role that sees persons 90 at most */
  readonly days?: number;
  /** Limits a care token to communities */
  readonly communities?: readonly string[] | null;
  /** Crew of a team token */
  readonly team?: string | null;
}

/** Tokens, newest first. */
export interface Tokens {
  readonly tokens: readonly TokenFacts[];
}

/** The town being served. */
export interface Town {
  readonly id: string;
  readonly name: Text;
  /** West, south, east, north in degrees; null while the town is empty */
  readonly bounds: readonly [number, number, number, number] | null;
  /** EPSG number of the town's projected CRS */
  readonly srid: number;
  /** True when the data are invented for demonstration */
  readonly synthetic: boolean;
}

/** A flag or a seat. */
export interface TownWord {
  readonly list: "flag" | "seat";
  readonly code: string;
  readonly word_th: string;
  readonly word_en?: string | null;
  readonly color?: string | null;
  readonly meaning_th?: string | null;
  readonly meaning_en?: string | null;
  readonly seq?: number | null;
  readonly default: boolean;
}

/** What the ways are for, and how deep it may wade. The layer `vehicle_limits` holds what the town has set, and where it has that from. */
export interface VehicleUsed {
  readonly id: string;
  readonly title: Words;
  readonly wades_m: number;
  /** An invented default: neither asked nor set */
  readonly wades_default: boolean;
  /** Where the town has its figures from; null: all are defaults */
  readonly reference?: string | null;
}

/** Households that wait to be fetched after all. */
export interface Waiting {
  readonly waiting: readonly WaitingHousehold[];
}

/** A household a failed run has returned to the list, and why it failed. */
export interface WaitingHousehold {
  readonly household: string;
  readonly run: string;
  readonly reason: string | null;
}

/** Flags, seats and rules in force; those of the layers `event_words` and `incident_rules`. */
export interface WarRoomSettings {
  readonly flags: readonly TownWord[];
  readonly seats: readonly TownWord[];
  /** Absent for the public */
  readonly rules?: readonly RuleOut[] | null;
}

/** A waste stop with more houses around it than accounts. */
export interface WasteGap {
  readonly stop: string;
  readonly route: string;
  readonly at: readonly [number, number];
  /** Houses nearer to it than to any other, within 300 m */
  readonly houses: number;
  readonly accounts: number;
  readonly missing: number;
}

/** Waste accounts are kept by stop, not by parcel: what each stop seems to lack. */
export interface WasteGaps {
  readonly known: boolean;
  /** Stops that lack accounts */
  readonly stops?: number | null;
  /** Accounts they lack together */
  readonly missing?: number | null;
  /** Stops whose accounts nobody counted */
  readonly uncounted?: number | null;
  readonly listed?: readonly WasteGap[] | null;
}

/** A waste route under water, with its stops where it has any. */
export interface WasteRoute {
  readonly id: number;
  readonly code: string | null;
  readonly name: string | null;
  readonly length_m: number;
  readonly wet_length_m: number;
  readonly stops?: number | null;
  readonly stops_in_water?: number | null;
  readonly accounts?: number | null;
  readonly accounts_in_water?: number | null;
  readonly accounts_unknown?: number | null;
}

/** Waste routes touched, their length under water (m), and the service of the whole town. */
export interface WasteRoutes {
  readonly count: number;
  /** Only with include: ids */
  readonly ids?: readonly number[] | null;
  readonly wet_length_m: number;
  /** At most 100 of them */
  readonly named?: readonly WasteRoute[];
  readonly service?: Service | null;
}

/** What is left of the roads (m): all that can be used, and the largest part of it. */
export interface WayOut {
  readonly usable_m: number;
  readonly part_m: number;
  /** Whether a road that leaves the town can be used; null: where the roads end is not known */
  readonly edge: boolean | null;
}

/** Of the roads in the water, what a vehicle may use and what is too deep for it (m). */
export interface WheelsInWater {
  readonly id: string;
  readonly title: Words;
  readonly wades_m: number;
  readonly passable_m: number;
  readonly too_deep_m: number;
}

/** A sentence in both languages. */
export interface Words {
  readonly th: string;
  readonly en: string;
}

/** A zero of the staff gauge (m MSL; null: not known) and since when it holds. */
export interface ZeroTold {
  readonly valid_from: string;
  readonly zero_m: number | null;
  readonly reason: string | null;
}

/** The process answers. */
export interface api__status__Health {
  readonly status?: "ok";
}

/** `suspect` answers, but what it says or this machine's clock cannot be right. */
export type layers__feed_health__Health = "good" | "failing" | "suspect" | "stale" | "waiting" | "paused";
